/* Celu: Y = max(0, X) + min(0, alpha * (e^(X / alpha) - 1)). */
#include <math.h>

#include "ref/support/map.h"

typedef struct parameters {
  double alpha;
} parameters_t;

static double real(double x, const void *arg) {
  const parameters_t *p = arg;
  return x > 0 ? x : p->alpha * expm1(x / p->alpha);
}

static ob_status_t run(const ob_kernel_call_t *call) {
  const parameters_t p = {(double)ob_kernel_float(call, "alpha", 1)};
  return ob_ref_map_unary(call, &(ob_ref_unary_t){.real = real}, &p);
}

const ob_kernel_t ob_ref_Celu = {.op = "Celu", .domain = "", .prepare = ob_ref_prepare_in_place, .run = run};
