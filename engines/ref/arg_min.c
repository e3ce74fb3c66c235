/* ArgMin: the index of the smallest element along an axis, the first or (select_last_index) the last of equal ones; NaN wins. */
#include "ref/support/select.h"

static ob_status_t run(const ob_kernel_call_t *call) { return ob_ref_arg(call, -1); }

const ob_kernel_t ob_ref_ArgMin = {.op = "ArgMin", .domain = "", .run = run};
