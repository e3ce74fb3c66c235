/* What reductions share: folded axes, and loops over elements that are not float32. */
#ifndef OB_CPU_REDUCE_H
#define OB_CPU_REDUCE_H

#include "cpu/cpu.h"

/* Neighbouring axes that go, or stay, as one; those of size 1 are left out. Returns how many there are. */
int32_t ob_reduce_fold(const ob_tensor_t *x, const bool *gone, int64_t *dims, bool *folded);

/* Integers wrap around; NaN is the largest and the smallest of all. */
typedef struct ob_reduce_loops {
  size_t size; /* of an element */
  void (*row)(ob_reduce_t op, const void *x, size_t n, void *y);                                /* y[0] from n elements */
  void (*columns)(ob_reduce_t op, const void *x, size_t count, size_t step, size_t n, void *y); /* y[0..n) from `count` rows, `step` apart */
} ob_reduce_loops_t;
/* NULL when there are none for the type. */
const ob_reduce_loops_t *ob_reduce_loops(ob_dtype_t dtype);

#endif
