/* The memory planner: places buffers with known lifetimes in one arena. A pure function, used by the host and by engines/kit. */
#ifndef OB_PLAN_MEMORY_H
#define OB_PLAN_MEMORY_H

#include "base/arena.h"

typedef struct ob_plan_buffer {
  size_t bytes;
  uint32_t first, last; /* steps at which it is alive, inclusive */
  int32_t shares;       /* index (lower than its own) of a buffer whose memory it is to take over, or -1. The lifetimes then
                           meet in at most one step, or it is a view: then the root lives until the last of its sharers */
  size_t offset;        /* out; a multiple of `alignment` */
} ob_plan_buffer_t;

/* Fills the offsets: greedy by size, best fit, no two buffers alive at once overlap unless they share. Deterministic.
 * arena_bytes: what the arena needs. lower_bound: the largest sum of bytes alive in one step. */
OB_MUST_CHECK ob_status_t ob_plan_memory(ob_plan_buffer_t *buffers, size_t count, size_t alignment,
                                         const ob_allocator_t *allocator, size_t *arena_bytes, size_t *lower_bound);
/* The same with working memory from `scratch`, which keeps it. */
OB_MUST_CHECK ob_status_t ob_plan_memory_in(ob_plan_buffer_t *buffers, size_t count, size_t alignment, ob_arena_t *scratch,
                                            size_t *arena_bytes, size_t *lower_bound);

#endif
