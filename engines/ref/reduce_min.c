/* ReduceMin: the smallest over axes, NaN if there is one; over none the greatest value of the type. */
#include <math.h>

#include "ref/support/reduce.h"

static void begin(ob_dtype_t dtype, ob_ref_sum_t *sum) {
  int64_t low;
  ob_ref_limits(dtype, &low, &sum->integer);
  sum->real = INFINITY;
}

static void real(ob_ref_sum_t *sum, double x) { if (isnan(x) || x < sum->real) sum->real = isnan(sum->real) ? sum->real : x; }
static void integer(ob_ref_sum_t *sum, int64_t x) { if (x < sum->integer) sum->integer = x; }

static ob_status_t run(const ob_kernel_call_t *call) {
  return ob_ref_reduce(call, &(ob_ref_reduction_t){.begin = begin, .real = real, .integer = integer});
}

const ob_kernel_t ob_ref_ReduceMin = {.op = "ReduceMin", .domain = "", .run = run};
