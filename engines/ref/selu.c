/* Selu: Y = gamma * X, or gamma * alpha * (e^X - 1) below zero. */
#include <math.h>

#include "ref/support/map.h"

typedef struct parameters {
  double alpha, gamma;
} parameters_t;

static double real(double x, const void *arg) {
  const parameters_t *p = arg;
  return x > 0 ? p->gamma * x : p->gamma * p->alpha * expm1(x);
}

static ob_status_t run(const ob_kernel_call_t *call) {
  const parameters_t p = {(double)ob_kernel_float(call, "alpha", 1.67326319217681884765625f),
                          (double)ob_kernel_float(call, "gamma", 1.05070102214813232421875f)};
  return ob_ref_map_unary(call, &(ob_ref_unary_t){.real = real}, &p);
}

const ob_kernel_t ob_ref_Selu = {.op = "Selu", .domain = "", .prepare = ob_ref_prepare_in_place, .run = run};
