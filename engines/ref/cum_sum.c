/* CumSum: running sums along an axis, with or without the element itself, from either end. */
#include "ref/support/cumulate.h"

static ob_status_t run(const ob_kernel_call_t *call) { return ob_ref_cumulate(call, false); }

const ob_kernel_t ob_ref_CumSum = {.op = "CumSum", .domain = "", .run = run};
