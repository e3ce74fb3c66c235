/* ReduceMean: the mean over axes; NaN over none; of integers cut towards zero. */
#include <math.h>

#include "ref/support/reduce.h"

static void real(ob_ref_sum_t *sum, double x) { sum->real += x; }
static double finish(const ob_ref_sum_t *sum) { return sum->count > 0 ? sum->real / (double)sum->count : NAN; }

static ob_status_t run(const ob_kernel_call_t *call) {
  return ob_ref_reduce(call, &(ob_ref_reduction_t){.real = real, .finish = finish});
}

const ob_kernel_t ob_ref_ReduceMean = {.op = "ReduceMean", .domain = "", .run = run};
