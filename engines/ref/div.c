/* Div: C = A / B with broadcasting; integers are cut towards zero. */
#include "ref/support/map.h"

/* What the hardware would trap on is an error that says so. */
static ob_status_t check(ob_dtype_t dtype, int64_t a, int64_t b) {
  int64_t low, high;
  ob_ref_limits(dtype, &low, &high);
  if (b == 0) return ob_fail(OB_OUT_OF_RANGE, "%lld divided by 0", (long long)a);
  if (low < 0 && a == low && b == -1) return ob_fail(OB_OUT_OF_RANGE, "%lld divided by -1 is beyond %s", (long long)a, ob_dtype_name(dtype));
  return OB_OK;
}
static double real(double a, double b) { return a / b; }
static int64_t integer(int64_t a, int64_t b) { return a / b; }
static uint64_t natural(uint64_t a, uint64_t b) { return a / b; }

static ob_status_t run(const ob_kernel_call_t *call) {
  return ob_ref_map_binary(call, &(ob_ref_binary_t){.real = real, .integer = integer, .natural = natural, .check = check});
}

const ob_kernel_t ob_ref_Div = {.op = "Div", .domain = "", .prepare = ob_ref_prepare_in_place, .run = run};
