/* Sign: Y = -1, 0 or 1; NaN stays. */
#include <math.h>

#include "ref/support/map.h"

static double real(double x, const void *arg) {
  (void)arg;
  return isnan(x) ? x : (x > 0) - (x < 0);
}

static int64_t integer(int64_t x, const void *arg) {
  (void)arg;
  return (x > 0) - (x < 0);
}

/* uint64, whose upper half looks negative. */
static int64_t natural(int64_t x, const void *arg) {
  (void)arg;
  return x != 0;
}

static ob_status_t run(const ob_kernel_call_t *call) {
  bool is_natural = call->inputs[0]->dtype == OB_UINT64;
  return ob_ref_map_unary(call, &(ob_ref_unary_t){.real = real, .integer = is_natural ? natural : integer}, NULL);
}

const ob_kernel_t ob_ref_Sign = {.op = "Sign", .domain = "", .prepare = ob_ref_prepare_in_place, .run = run};
