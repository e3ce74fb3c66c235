/* ReduceL2: the square root of the sum of squares. */
#include <math.h>

#include "ref/support/reduce.h"

static void real(ob_ref_sum_t *sum, double x) { sum->real += x * x; }
static double finish(const ob_ref_sum_t *sum) { return sqrt(sum->real); }

static ob_status_t run(const ob_kernel_call_t *call) {
  return ob_ref_reduce(call, &(ob_ref_reduction_t){.real = real, .finish = finish});
}

const ob_kernel_t ob_ref_ReduceL2 = {.op = "ReduceL2", .domain = "", .run = run};
