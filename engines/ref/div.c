/* Div: C = A / B with broadcasting; integers are cut towards zero, and the smallest by -1 wraps around to itself, as sums do. */
#include "ref/support/map.h"

static ob_status_t check(ob_dtype_t dtype, int64_t a, int64_t b) {
  (void)dtype;
  return b == 0 ? ob_fail(OB_OUT_OF_RANGE, "%lld divided by 0", (long long)a) : OB_OK;
}
static double real(double a, double b) { return a / b; }
/* -1 would trap for the smallest number. */
static int64_t integer(int64_t a, int64_t b) { return b == -1 ? (int64_t)(0 - (uint64_t)a) : a / b; }
static uint64_t natural(uint64_t a, uint64_t b) { return a / b; }

static ob_status_t run(const ob_kernel_call_t *call) {
  return ob_ref_map_binary(call, &(ob_ref_binary_t){.real = real, .integer = integer, .natural = natural, .check = check});
}

const ob_kernel_t ob_ref_Div = {.op = "Div", .domain = "", .prepare = ob_ref_prepare_in_place, .run = run};
