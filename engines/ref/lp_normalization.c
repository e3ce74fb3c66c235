/* LpNormalization: vectors along an axis divided by their 1- or 2-norm; a zero vector stays zero. */
#include <math.h>

#include "ref/support/along.h"

static void apply(const void *arg, size_t count, const double *x, double *y) {
  int64_t p = *(const int64_t *)arg;
  double sum = 0;
  for (size_t i = 0; i < count; i++) sum += p == 1 ? fabs(x[i]) : x[i] * x[i];
  double norm = p == 1 ? sum : sqrt(sum);
  for (size_t i = 0; i < count; i++) y[i] = norm == 0 ? 0 : x[i] / norm;
}

static ob_status_t run(const ob_kernel_call_t *call) {
  int64_t p = ob_kernel_int(call, "p", 2);
  return ob_ref_along(call, ob_kernel_int(call, "axis", -1), apply, &p);
}

const ob_kernel_t ob_ref_LpNormalization = {.op = "LpNormalization", .domain = "", .prepare = ob_ref_along_prepare, .run = run};
