/* The engines of this process: each opened once, counted, behind one lock. */
#include "runtime/engines.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stddef.h>
#include <string.h>

#include "runtime/host.h"

enum { MAX_REGISTERED = 32 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static ob_opened_t *opened_engines;
static struct {
  const char *name;
  ob_engine_entry_t entry;
} registered[MAX_REGISTERED];

ob_status_t ob_engine_register(const char *name, ob_engine_entry_t entry) {
  ob_status_t status = OB_OUT_OF_MEMORY;
  if (!ob_engine_name_is_valid(name)) return ob_fail(OB_INVALID_ARGUMENT, "'%s' is not an engine's name", ob_quote(name));
  pthread_mutex_lock(&lock);
  for (size_t pass = 0; pass < 2 && status != OB_OK; pass++)
    for (size_t i = 0; i < MAX_REGISTERED; i++) {
      bool fits = pass == 0 ? registered[i].name && strcmp(registered[i].name, name) == 0 : !registered[i].name;
      if (!fits) continue;
      registered[i].name = entry ? name : NULL;
      registered[i].entry = entry;
      status = OB_OK;
      break;
    }
  pthread_mutex_unlock(&lock);
  return status == OB_OK ? OB_OK : ob_fail(OB_UNSUPPORTED, "more than %d engines are registered", MAX_REGISTERED);
}

static ob_engine_entry_t registered_entry(const char *name) {
  for (size_t i = 0; i < MAX_REGISTERED; i++)
    if (registered[i].name && strcmp(registered[i].name, name) == 0) return registered[i].entry;
  return NULL;
}

/* Loads the library of `opened` and finds its one symbol. */
static ob_status_t load_library(ob_opened_t *opened, ob_engine_entry_t *entry) {
  opened->library = dlopen(opened->path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  if (!opened->library) {
    const char *loader = dlerror();
    const char *advice = ob_engine_advice(opened->name, loader ? loader : "");
    return ob_fail(OB_ENGINE_ERROR, "engine '%s' does not load: %s%s%s", opened->name, loader ? loader : "dlopen failed",
                   *advice ? "; " : "", advice);
  }
  void *symbol = dlsym(opened->library, "ob_engine_entry");
  if (!symbol) return ob_fail(OB_ENGINE_ERROR, "engine '%s': %s has no ob_engine_entry", opened->name, opened->path);
  memcpy(entry, &symbol, sizeof symbol); /* ISO C has no cast from an object to a function pointer */
  return OB_OK;
}

/* True when every required function is there. */
static bool api_is_complete(const ob_engine_api_t *api) {
  return api->open && api->close && api->info && api->supports && api->compile && api->bind && api->run &&
         api->release_instance && api->release_executable;
}

static ob_status_t check_api(const ob_opened_t *opened) {
  const ob_engine_api_t *api = opened->api;
  if (!api)
    return ob_fail(OB_ENGINE_ERROR, "engine '%s' does not work with ABI %u of this Outboard: build it again against its "
                   "headers", opened->name, OB_ENGINE_ABI);
  if (api->abi != OB_ENGINE_ABI)
    return ob_fail(OB_ENGINE_ERROR, "engine '%s' has ABI %u, this Outboard has %u: build it again against its headers",
                   opened->name, api->abi, OB_ENGINE_ABI);
  if (api->struct_size < offsetof(ob_engine_api_t, knows) || !api_is_complete(api))
    return ob_fail(OB_ENGINE_ERROR, "engine '%s' lacks functions that the ABI requires", opened->name);
  return OB_OK;
}

/* Fills info and fingerprint once the engine is open. */
static ob_status_t describe(ob_opened_t *opened) {
  opened->info.struct_size = sizeof opened->info;
  opened->api->info(opened->engine, &opened->info);
  const char **texts[] = {&opened->info.version, &opened->info.library, &opened->info.about};
  for (size_t i = 0; i < 3; i++)
    if (!*texts[i]) *texts[i] = "";
  if (!opened->info.name || strcmp(opened->info.name, opened->name) != 0)
    return ob_fail(OB_ENGINE_ERROR, "engine '%s' calls itself '%s'", opened->name, ob_quote(opened->info.name));
  const char *fingerprint = opened->api->fingerprint ? opened->api->fingerprint(opened->engine) : "";
  opened->fingerprint = fingerprint ? fingerprint : "";
  return OB_OK;
}

static void destroy(ob_opened_t *opened) {
  const ob_allocator_t *allocator = ob_allocator_default();
  if (opened->engine) opened->api->close(opened->engine);
  if (opened->library) dlclose(opened->library); /* RTLD_NODELETE: it stays mapped, thread pools may live on in it */
  ob_free(allocator, (void *)(uintptr_t)opened->name);
  ob_free(allocator, (void *)(uintptr_t)opened->path);
  ob_free(allocator, opened);
}

static ob_status_t open_engine(ob_opened_t *opened, ob_engine_entry_t entry, uint32_t threads) {
  if (!entry) OB_TRY(load_library(opened, &entry));
  opened->api = entry(OB_ENGINE_ABI);
  OB_TRY(check_api(opened));
  ob_host_table(threads, &opened->host);
  ob_fail(OB_ENGINE_ERROR, "it gives no reason"); /* what is said when the engine fails without words */
  ob_status_t status = opened->api->open(&opened->host, &opened->engine);
  if (status == OB_OK && !opened->engine) status = ob_fail(OB_ENGINE_ERROR, "it gives nothing");
  if (status == OB_OUT_OF_MEMORY) return status;
  if (status != OB_OK) {
    opened->engine = NULL;
    ob_fail_within(status, "engine '%s' does not open: ", opened->name);
    return OB_ENGINE_ERROR;
  }
  return describe(opened);
}

static ob_status_t make(const char *name, const char *path, uint32_t threads, ob_opened_t **out) {
  const ob_allocator_t *allocator = ob_allocator_default();
  ob_engine_entry_t entry = registered_entry(name);
  char file[4096] = "built in";
  if (!entry) OB_TRY(ob_engine_find(name, path, file, sizeof file));
  ob_opened_t *opened;
  OB_TRY(OB_NEW(allocator, &opened));
  ob_status_t status = ob_strdup(allocator, name, (char **)(uintptr_t)&opened->name);
  if (status == OB_OK) status = ob_strdup(allocator, file, (char **)(uintptr_t)&opened->path);
  if (status == OB_OK) status = open_engine(opened, entry, threads);
  if (status != OB_OK) {
    destroy(opened);
    return status;
  }
  opened->next = opened_engines;
  opened_engines = opened;
  *out = opened;
  return OB_OK;
}

ob_status_t ob_engine_acquire(const char *name, const char *path, uint32_t threads, ob_opened_t **opened) {
  ob_status_t status = OB_OK;
  *opened = NULL;
  if (!ob_engine_name_is_valid(name)) return ob_fail(OB_INVALID_ARGUMENT, "'%s' is not an engine's name", ob_quote(name));
  pthread_mutex_lock(&lock);
  for (ob_opened_t *one = opened_engines; one && !*opened; one = one->next)
    if (strcmp(one->name, name) == 0) *opened = one;
  if (!*opened) status = make(name, path, threads, opened);
  if (*opened) (*opened)->references++;
  pthread_mutex_unlock(&lock);
  return status;
}

void ob_engine_release(ob_opened_t *opened) {
  if (!opened) return;
  pthread_mutex_lock(&lock);
  if (--opened->references == 0) {
    ob_opened_t **link = &opened_engines;
    while (*link != opened) link = &(*link)->next;
    *link = opened->next;
    destroy(opened);
  }
  pthread_mutex_unlock(&lock);
}
