/* Identity: the output is the input, of any kind. */
#include "ref/support/collection.h"

static ob_status_t run(const ob_kernel_call_t *call) { return ob_ref_give(call, 0, call->inputs[0]); }

const ob_kernel_t ob_ref_Identity = {.op = "Identity", .domain = "", .view = true, .run = run};
