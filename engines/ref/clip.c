/* Clip: Y = min(max(X, low), high); a bound that is left out is none; NaN stays. */
#include <math.h>

#include "ref/support/map.h"

typedef struct bounds {
  double low, high;
  int64_t low_int, high_int;
} bounds_t;

static double real(double x, const void *arg) {
  const bounds_t *b = arg;
  x = x < b->low ? b->low : x;
  return x > b->high ? b->high : x;
}

static int64_t integer(int64_t x, const void *arg) {
  const bounds_t *b = arg;
  x = x < b->low_int ? b->low_int : x;
  return x > b->high_int ? b->high_int : x;
}

static int64_t natural(int64_t x, const void *arg) {
  const bounds_t *b = arg;
  x = (uint64_t)x < (uint64_t)b->low_int ? b->low_int : x;
  return (uint64_t)x > (uint64_t)b->high_int ? b->high_int : x;
}

static ob_status_t run(const ob_kernel_call_t *call) {
  const ob_tensor_t *low = ob_ref_input(call, 1), *high = ob_ref_input(call, 2);
  bool is_natural = call->inputs[0]->dtype == OB_UINT64;
  bounds_t b = {-INFINITY, INFINITY, is_natural ? 0 : INT64_MIN, is_natural ? -1 : INT64_MAX};
  if (low && ob_ref_is_real(low->dtype)) b.low = ob_ref_get(low->dtype, low->data, 0);
  if (high && ob_ref_is_real(high->dtype)) b.high = ob_ref_get(high->dtype, high->data, 0);
  if (low && !ob_ref_is_real(low->dtype)) b.low_int = ob_ref_get_int(low->dtype, low->data, 0);
  if (high && !ob_ref_is_real(high->dtype)) b.high_int = ob_ref_get_int(high->dtype, high->data, 0);
  return ob_ref_map_unary(call, &(ob_ref_unary_t){.real = real, .integer = is_natural ? natural : integer}, &b);
}

const ob_kernel_t ob_ref_Clip = {.op = "Clip", .domain = "", .prepare = ob_ref_prepare_in_place, .run = run};
