/* BitCast: the same bits as another type of the same width. */
#include "ref/support/move.h"

static ob_status_t run(const ob_kernel_call_t *call) {
  if (ob_dtype_bits(call->inputs[0]->dtype) != ob_dtype_bits(call->outputs[0]->dtype))
    return ob_fail(OB_INVALID_ARGUMENT, "%s and %s differ in width", ob_dtype_name(call->inputs[0]->dtype), ob_dtype_name(call->outputs[0]->dtype));
  return ob_ref_copy_through(call);
}

const ob_kernel_t ob_ref_BitCast = {.op = "BitCast", .domain = "", .view = true, .run = run};
