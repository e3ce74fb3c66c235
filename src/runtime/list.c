/* ob_engines_list: what is installed, and what is missing for the rest. */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/status.h"
#include "runtime/engines.h"
#include "runtime/model.h"

/* Engines that belong to Outboard: they are listed even when they were not built. */
static const char *const own_engines[] = {"onednn", "cpu", "ref"};

typedef struct names {
  const ob_allocator_t *allocator;
  OB_ARRAY(char *) list;
} names_t;

static bool has_name(const names_t *names, const char *name) {
  for (size_t i = 0; i < names->list.count; i++)
    if (strcmp(names->list.items[i], name) == 0) return true;
  return false;
}

static ob_status_t add_name(names_t *names, const char *name) {
  char *copy;
  if (has_name(names, name)) return OB_OK;
  OB_TRY(ob_strdup(names->allocator, name, &copy));
  ob_status_t status = ob_array_push(names->allocator, &names->list, copy);
  if (status != OB_OK) ob_free(names->allocator, copy);
  return status;
}

/* "ob_engine_NAME.so" gives NAME. */
static bool name_of_file(const char *file, char *name, size_t size) {
  static const char prefix[] = "ob_engine_", suffix[] = ".so";
  size_t length = strlen(file), extra = sizeof prefix + sizeof suffix - 2;
  if (length <= extra || length - extra >= size) return false;
  if (strncmp(file, prefix, sizeof prefix - 1) != 0 || strcmp(file + length - sizeof suffix + 1, suffix) != 0) return false;
  memcpy(name, file + sizeof prefix - 1, length - extra);
  name[length - extra] = 0;
  return ob_engine_name_is_valid(name);
}

/* In the order of the alphabet: what a folder gives is in no order. */
static ob_status_t scan_folder(names_t *names, const char *folder) {
  struct dirent **entries;
  int count = scandir(folder, &entries, NULL, alphasort);
  ob_status_t status = OB_OK;
  for (int i = 0; i < count; i++) {
    char name[64];
    if (status == OB_OK && name_of_file(entries[i]->d_name, name, sizeof name)) status = add_name(names, name);
    free(entries[i]);
  }
  if (count >= 0) free(entries);
  return status;
}

static void report(const char *name, const ob_options_t *options, void (*result)(void *, const ob_engine_report_t *), void *user) {
  ob_opened_t *opened;
  char path[4096] = "";
  ob_engine_report_t one = {.name = name, .version = "", .library = "", .about = ""};
  if (ob_engine_acquire(name, options->engine_path, options->threads, &opened) == OB_OK) {
    one.version = opened->info.version;
    one.library = opened->info.library;
    one.about = opened->info.about;
    one.path = opened->path;
    result(user, &one);
    ob_engine_release(opened);
    return;
  }
  char problem[OB_MESSAGE_SIZE];
  strcpy(problem, ob_error_message());
  one.problem = problem;
  one.path = ob_engine_find(name, options->engine_path, path, sizeof path) == OB_OK ? path : NULL;
  result(user, &one);
}

ob_status_t ob_engines_list(const ob_options_t *given, void (*result)(void *user, const ob_engine_report_t *), void *user) {
  ob_options_t options;
  char folder[4096];
  OB_TRY(ob_options_copy(given, &options, sizeof options));
  names_t names = {.allocator = ob_allocator_or_default(options.allocator)};
  ob_sink_t sink = {options.log, options.log_user};
  const ob_sink_t *before = ob_sink_enter(&sink);
  ob_status_t status = OB_OK;
  for (size_t i = 0; status == OB_OK && i < sizeof own_engines / sizeof *own_engines; i++)
    status = add_name(&names, own_engines[i]);
  for (size_t i = 0; status == OB_OK && ob_engine_folder(options.engine_path, i, folder, sizeof folder); i++)
    if (*folder) status = scan_folder(&names, folder);
  for (size_t i = 0; status == OB_OK && i < names.list.count; i++) report(names.list.items[i], &options, result, user);
  for (size_t i = 0; i < names.list.count; i++) ob_free(names.allocator, names.list.items[i]);
  ob_array_free(names.allocator, &names.list);
  ob_sink_leave(before);
  return status;
}
