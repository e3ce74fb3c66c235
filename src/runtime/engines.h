/* Engines in this process: finding their libraries, opening each once, listing them. */
#ifndef OB_RUNTIME_ENGINES_H
#define OB_RUNTIME_ENGINES_H

#include <stddef.h>

#include <outboard/engine.h>
#include <outboard/outboard.h>

#include "base/alloc.h"

/* An engine that is open. Shared by all models of the process. */
typedef struct ob_opened {
  const char *name, *path;
  const ob_engine_api_t *api;
  ob_engine_t *engine;
  ob_engine_info_t info;
  const char *fingerprint; /* "" when the engine has none */
  ob_host_t host;          /* the table that this engine was given */
  void *library;           /* of dlopen; NULL for registered engines */
  uint32_t references;     /* under the registry's lock */
  struct ob_opened *next;
} ob_opened_t;

/* True when the engine has this function, which version 1.0 of the ABI did not have. */
#define OB_API_HAS(api, member) \
  ((api)->struct_size >= offsetof(ob_engine_api_t, member) + sizeof (api)->member && (api)->member)

/* Opens the engine called `name`, or gives the one that is open already. `path`: folders, ':' between, or NULL for the
 * defaults. `threads` becomes host->typical_threads when it is the first to open it. Thread-safe.
 * Errors: OB_NOT_FOUND (no such library), OB_ENGINE_ERROR (it does not load, is of another ABI, or does not open), each
 * saying what to do. */
OB_MUST_CHECK ob_status_t ob_engine_acquire(const char *name, const char *path, uint32_t threads, ob_opened_t **opened);
/* NULL does nothing. The last one closes the engine; its library stays mapped. */
void ob_engine_release(ob_opened_t *opened);

/* An engine that is linked in rather than found as a library: static builds and tests. `name` and `entry` outlive the process's
 * use of it; entry NULL takes it away again. Found before libraries. */
OB_MUST_CHECK ob_status_t ob_engine_register(const char *name, ob_engine_entry_t entry);

/* True for what may be an engine's name: [a-z0-9_]+, at most 32 bytes. Names from files never become paths otherwise. */
bool ob_engine_name_is_valid(const char *name);

/* The file of engine `name`, found in `path` or the default folders; OB_NOT_FOUND names the folders. */
OB_MUST_CHECK ob_status_t ob_engine_find(const char *name, const char *path, char *file, size_t size);
/* Folder `index` of the search, or false past the end or when it does not fit. */
bool ob_engine_folder(const char *path, size_t index, char *folder, size_t size);
/* Words on how to get what engine `name` misses, given the loader's message (or NULL: not built); "" when nothing is known. */
const char *ob_engine_advice(const char *name, const char *loader);

#endif
