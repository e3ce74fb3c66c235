/* The ABI of an engine whose library takes whole regions. */
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "kit/whole/internal.h"

/* The engine of this library: ob_engine_api_t.open gets no other word of it. */
static _Atomic(const ob_whole_engine_t *) the_whole;

static void close_engine(ob_engine_t *engine) {
  if (!engine) return;
  if (engine->library) engine->whole->close(engine->library);
  ob_free(engine->host->allocator, engine);
}

static ob_status_t open_engine(const ob_host_t *host, ob_engine_t **engine) {
  ob_engine_t *fresh;
  *engine = NULL;
  ob_kit_use_host(host);
  OB_TRY(OB_NEW(host->allocator, &fresh));
  fresh->host = host;
  fresh->whole = atomic_load(&the_whole);
  const char *all = secure_getenv(fresh->whole->claims_all);
  fresh->claims_all = all && strcmp(all, "1") == 0;
  ob_status_t status = fresh->whole->open(&fresh->library);
  if (status != OB_OK) {
    fresh->library = NULL;
    close_engine(fresh);
    return status;
  }
  *engine = fresh;
  return OB_OK;
}

static void info(const ob_engine_t *engine, ob_engine_info_t *out) {
  const ob_whole_engine_t *whole = engine->whole;
  out->name = whole->name;
  out->version = whole->version;
  out->library = whole->describe(engine->library);
  out->about = whole->about;
  out->flags = whole->flags;
}

static const char *fingerprint(const ob_engine_t *engine) { return engine->whole->fingerprint(engine->library); }

const ob_engine_api_t *ob_whole_entry(const ob_whole_engine_t *engine, uint32_t host_abi) {
  static const ob_engine_api_t api = {.struct_size = sizeof api,
                                      .abi = OB_ENGINE_ABI,
                                      .open = open_engine,
                                      .close = close_engine,
                                      .info = info,
                                      .supports = ob_whole_supports,
                                      .compile = ob_whole_compile,
                                      .bind = ob_whole_bind,
                                      .run = ob_whole_run,
                                      .release_instance = ob_whole_release_instance,
                                      .release_executable = ob_whole_release_executable,
                                      .fingerprint = fingerprint,
                                      .save = ob_whole_save,
                                      .load = ob_whole_load,
                                      .accepts = ob_whole_accepts,
                                      .knows = ob_whole_knows};
  atomic_store(&the_whole, engine);
  return host_abi == OB_ENGINE_ABI ? &api : NULL;
}
