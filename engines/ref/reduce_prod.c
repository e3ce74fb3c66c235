/* ReduceProd: the product over axes; 1 over none. */
#include "ref/support/reduce.h"

static void begin(ob_dtype_t dtype, ob_ref_sum_t *sum) {
  (void)dtype;
  sum->real = 1;
  sum->integer = 1;
}

static void real(ob_ref_sum_t *sum, double x) { sum->real *= x; }
static void integer(ob_ref_sum_t *sum, int64_t x) { sum->integer = (int64_t)((uint64_t)sum->integer * (uint64_t)x); }

static ob_status_t run(const ob_kernel_call_t *call) {
  return ob_ref_reduce(call, &(ob_ref_reduction_t){.begin = begin, .real = real, .integer = integer});
}

const ob_kernel_t ob_ref_ReduceProd = {.op = "ReduceProd", .domain = "", .run = run};
