/* Shrink: Y = X + bias below -lambd, X - bias above lambd, else 0. */
#include <math.h>

#include "ref/support/map.h"

typedef struct parameters {
  double lambd, bias;
} parameters_t;

static double real(double x, const void *arg) {
  const parameters_t *p = arg;
  return x < -p->lambd ? x + p->bias : x > p->lambd ? x - p->bias : 0;
}

static ob_status_t run(const ob_kernel_call_t *call) {
  const parameters_t p = {(double)ob_kernel_float(call, "lambd", 0.5f),
                          (double)ob_kernel_float(call, "bias", 0)};
  return ob_ref_map_unary(call, &(ob_ref_unary_t){.real = real}, &p);
}

const ob_kernel_t ob_ref_Shrink = {.op = "Shrink", .domain = "", .prepare = ob_ref_prepare_in_place, .run = run};
