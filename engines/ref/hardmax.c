/* Hardmax: 1 at the first largest element along an axis, 0 elsewhere. */
#include <math.h>

#include "ref/support/along.h"

static void apply(const void *arg, size_t count, const double *x, double *y) {
  size_t best = 0;
  (void)arg;
  for (size_t i = 1; i < count; i++)
    if (x[i] > x[best] || (isnan(x[i]) && !isnan(x[best]))) best = i;
  for (size_t i = 0; i < count; i++) y[i] = i == best;
}

static ob_status_t run(const ob_kernel_call_t *call) {
  return ob_ref_along(call, ob_kernel_int(call, "axis", -1), apply, NULL);
}

const ob_kernel_t ob_ref_Hardmax = {.op = "Hardmax", .domain = "", .prepare = ob_ref_along_prepare, .run = run};
