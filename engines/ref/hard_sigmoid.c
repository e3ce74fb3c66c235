/* HardSigmoid: Y = max(0, min(1, alpha * X + beta)). */
#include "ref/support/map.h"

typedef struct parameters {
  double alpha, beta;
} parameters_t;

static double real(double x, const void *arg) {
  const parameters_t *p = arg;
  double y = p->alpha * x + p->beta;
  return y < 0 ? 0 : y > 1 ? 1 : y;
}

static ob_status_t run(const ob_kernel_call_t *call) {
  const parameters_t p = {(double)ob_kernel_float(call, "alpha", 0.2f),
                          (double)ob_kernel_float(call, "beta", 0.5f)};
  return ob_ref_map_unary(call, &(ob_ref_unary_t){.real = real}, &p);
}

const ob_kernel_t ob_ref_HardSigmoid = {.op = "HardSigmoid", .domain = "", .prepare = ob_ref_prepare_in_place, .run = run};
