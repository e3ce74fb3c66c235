/* Reductions: an operator says how to begin, take an element and finish; this walks the axes. */
#ifndef OB_REF_SUPPORT_REDUCE_H
#define OB_REF_SUPPORT_REDUCE_H

#include "ref/support/element.h"
#include "ref/support/shape.h"

/* State of one result: accumulation is in double, for integers in int64 with wrap-around. */
typedef struct ob_ref_sum {
  double real, second; /* second: whatever else the operator needs */
  int64_t integer;
  size_t count; /* elements taken */
} ob_ref_sum_t;

typedef struct ob_ref_reduction {
  void (*begin)(ob_dtype_t dtype, ob_ref_sum_t *sum); /* NULL: zeros */
  void (*real)(ob_ref_sum_t *sum, double x);
  void (*integer)(ob_ref_sum_t *sum, int64_t x); /* NULL: integers are reduced as doubles */
  double (*finish)(const ob_ref_sum_t *sum);     /* of the real side; NULL: sum->real */
} ob_ref_reduction_t;

/* Axes from input 1 or the attribute, `keepdims`, `noop_with_empty_axes`. */
OB_MUST_CHECK ob_status_t ob_ref_reduce(const ob_kernel_call_t *call, const ob_ref_reduction_t *reduction);

#endif
