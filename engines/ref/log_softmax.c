/* LogSoftmax: the logarithm of Softmax. */
#include <math.h>

#include "ref/support/along.h"

static void apply(const void *arg, size_t count, const double *x, double *y) {
  double largest = -INFINITY, sum = 0;
  (void)arg;
  for (size_t i = 0; i < count; i++) largest = fmax(largest, x[i]);
  for (size_t i = 0; i < count; i++) sum += exp(x[i] - largest);
  for (size_t i = 0; i < count; i++) y[i] = x[i] - largest - log(sum);
}

static ob_status_t run(const ob_kernel_call_t *call) {
  return ob_ref_along(call, ob_kernel_int(call, "axis", -1), apply, NULL);
}

const ob_kernel_t ob_ref_LogSoftmax = {.op = "LogSoftmax", .domain = "", .prepare = ob_ref_along_prepare, .run = run};
