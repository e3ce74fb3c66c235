/* Mod: the remainder of A / B with broadcasting, with the sign of the divisor or (fmod) of the dividend. */
#include <math.h>

#include "ref/support/map.h"

static ob_status_t check(ob_dtype_t dtype, int64_t a, int64_t b) {
  (void)dtype;
  return b == 0 ? ob_fail(OB_OUT_OF_RANGE, "%lld modulo 0", (long long)a) : OB_OK;
}

static double truncated(double a, double b) { return fmod(a, b); }

static double floored(double a, double b) {
  double r = fmod(a, b);
  if (r == 0) return copysign(0, b);
  return (r < 0) != (b < 0) ? r + b : r;
}

/* b of -1 divides everything; asking the hardware would trap for the smallest number. */
static int64_t truncated_int(int64_t a, int64_t b) { return b == -1 ? 0 : a % b; }

static int64_t floored_int(int64_t a, int64_t b) {
  int64_t r = truncated_int(a, b);
  return r != 0 && (r < 0) != (b < 0) ? r + b : r;
}

static uint64_t natural(uint64_t a, uint64_t b) { return a % b; }

static ob_status_t run(const ob_kernel_call_t *call) {
  bool truncate = ob_kernel_int(call, "fmod", 0) != 0;
  return ob_ref_map_binary(call, &(ob_ref_binary_t){.real = truncate ? truncated : floored,
                                                    .integer = truncate ? truncated_int : floored_int,
                                                    .natural = natural,
                                                    .check = check});
}

const ob_kernel_t ob_ref_Mod = {.op = "Mod", .domain = "", .prepare = ob_ref_prepare_in_place, .run = run};
