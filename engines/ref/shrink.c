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

/* Computed as a real number, then cut. */
static int64_t integer(int64_t x, const void *arg) {
  double y = real((double)x, arg);
  return y >= 0x1p63 ? INT64_MAX : y <= -0x1p63 ? INT64_MIN : (int64_t)y;
}

static int64_t natural(int64_t x, const void *arg) {
  double y = real((double)(uint64_t)x, arg);
  return y >= 0x1p64 ? -1 : y >= 0x1p63 ? (int64_t)(uint64_t)y : (int64_t)y;
}

static ob_status_t run(const ob_kernel_call_t *call) {
  const parameters_t p = {(double)ob_kernel_float(call, "lambd", 0.5f),
                          (double)ob_kernel_float(call, "bias", 0)};
  bool is_natural = call->inputs[0]->dtype == OB_UINT64;
  return ob_ref_map_unary(call, &(ob_ref_unary_t){.real = real, .integer = is_natural ? natural : integer}, &p);
}

const ob_kernel_t ob_ref_Shrink = {.op = "Shrink", .domain = "", .prepare = ob_ref_prepare_in_place, .run = run};
