/* Files that shrink while they are mapped: reads beyond the new end would kill the process by SIGBUS. */
#ifndef OB_BASE_WATCH_H
#define OB_BASE_WATCH_H

#include <stdatomic.h>

#include "base/alloc.h"

typedef struct ob_watch {
  _Atomic(uintptr_t) begin; /* 0: free for the next mapping */
  _Atomic(size_t) size;
  atomic_bool broken;
  struct ob_watch *next;
} ob_watch_t;

/* From now on such reads in a mapping find zeros, and the watch tells of it. Calls install a handler of SIGBUS where it is not the one
 * in place; signals of other addresses are handed to the one that was there before. A watch is static memory, to be given back. */
OB_MUST_CHECK ob_status_t ob_watch_add(const void *base, size_t size, ob_watch_t **watch);
void ob_watch_remove(ob_watch_t *watch);
/* True when something in it was read that the file no longer has. */
static inline bool ob_watch_broken(const ob_watch_t *watch) { return watch && atomic_load_explicit(&watch->broken, memory_order_relaxed); }

#endif
