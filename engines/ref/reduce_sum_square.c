/* ReduceSumSquare: the sum of squares. */
#include "ref/support/reduce.h"

static void real(ob_ref_sum_t *sum, double x) { sum->real += x * x; }
static void integer(ob_ref_sum_t *sum, int64_t x) { sum->integer = (int64_t)((uint64_t)sum->integer + (uint64_t)x * (uint64_t)x); }

static ob_status_t run(const ob_kernel_call_t *call) {
  return ob_ref_reduce(call, &(ob_ref_reduction_t){.real = real, .integer = integer});
}

const ob_kernel_t ob_ref_ReduceSumSquare = {.op = "ReduceSumSquare", .domain = "", .run = run};
