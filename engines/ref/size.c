/* Size: the number of elements of a tensor. */
#include "ref/support/element.h"

static ob_status_t run(const ob_kernel_call_t *call) {
  ob_ref_set_int(OB_INT64, call->outputs[0]->data, 0, (int64_t)ob_tensor_count(call->inputs[0]));
  return OB_OK;
}

const ob_kernel_t ob_ref_Size = {.op = "Size", .domain = "", .run = run};
