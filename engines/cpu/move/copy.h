/* Strided copies: what Transpose, Slice, Expand, Concat, Tile, Pad and the like come down to. */
#ifndef OB_CPU_MOVE_COPY_H
#define OB_CPU_MOVE_COPY_H

#include "cpu/cpu.h"

/* Copies an element for each index below dims, from strides `from` to strides `to` (in elements; `from` may be 0 or negative). */
typedef struct ob_copy_plan {
  int32_t rank;
  size_t size; /* bytes of an element: 1, 2, 4, 8 or 16 */
  int64_t dims[OB_MAX_RANK], from[OB_MAX_RANK], to[OB_MAX_RANK];
} ob_copy_plan_t;

/* Row-major strides. */
void ob_copy_strides(int32_t rank, const int64_t *dims, int64_t *strides);
/* Adds a dim at the inner end. */
static inline void ob_copy_dim(ob_copy_plan_t *plan, int64_t size, int64_t from, int64_t to) {
  plan->dims[plan->rank] = size;
  plan->from[plan->rank] = from;
  plan->to[plan->rank++] = to;
}
void ob_copy_run(const ob_kernel_call_t *call, const ob_copy_plan_t *plan, const void *from, void *to);
/* The same on the calling thread. */
void ob_copy_run_here(const ob_copy_plan_t *plan, const void *from, void *to);
/* n elements like the one at `value`. */
void ob_copy_fill(void *to, const void *value, size_t n, size_t size);

#endif
