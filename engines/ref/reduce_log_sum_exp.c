/* ReduceLogSumExp: ln of the sum of e^x, without overflow: `real` is the largest so far, `second` the sum in units of e^largest. */
#include <math.h>

#include "ref/support/reduce.h"

static void begin(ob_dtype_t dtype, ob_ref_sum_t *sum) {
  (void)dtype;
  sum->real = -INFINITY;
}

static void real(ob_ref_sum_t *sum, double x) {
  if (x == sum->real) { /* also two infinities, whose difference is NaN */
    sum->second += 1;
  } else if (x > sum->real || isnan(x)) {
    sum->second = sum->second * exp(sum->real - x) + 1;
    sum->real = x;
  } else {
    sum->second += exp(x - sum->real);
  }
}

static double finish(const ob_ref_sum_t *sum) { return sum->real == -INFINITY ? sum->real : sum->real + log(sum->second); }

static ob_status_t run(const ob_kernel_call_t *call) {
  return ob_ref_reduce(call, &(ob_ref_reduction_t){.begin = begin, .real = real, .finish = finish});
}

const ob_kernel_t ob_ref_ReduceLogSumExp = {.op = "ReduceLogSumExp", .domain = "", .run = run};
