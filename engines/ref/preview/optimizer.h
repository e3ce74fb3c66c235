/* What the optimisers share: they go over each element of some tensors with its gradient and state. */
#ifndef OB_REF_PREVIEW_OPTIMIZER_H
#define OB_REF_PREVIEW_OPTIMIZER_H

#include "ref/support/element.h"

typedef struct ob_ref_step {
  double rate; /* R */
  int64_t count; /* T */
  const void *arg;
} ob_ref_step_t;
/* One element: `in` the elements of the `in` lists (value, gradient, state...), `out` those of the output lists. */
typedef void (*ob_ref_update_t)(const ob_ref_step_t *step, const double *in, double *out);

OB_MUST_CHECK ob_status_t ob_ref_optimize(const ob_kernel_call_t *call, size_t in, size_t out, ob_ref_update_t update, const void *arg);

#endif
