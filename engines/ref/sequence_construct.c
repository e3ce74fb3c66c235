/* SequenceConstruct: a sequence of the inputs. */
#include "ref/support/collection.h"

static ob_status_t run(const ob_kernel_call_t *call) {
  ob_tensor_t *items;
  OB_TRY(ob_ref_give_items(call, call->node->input_count, &items));
  for (size_t i = 0; i < call->node->input_count; i++) items[i] = *call->inputs[i];
  return OB_OK;
}

const ob_kernel_t ob_ref_SequenceConstruct = {.op = "SequenceConstruct", .domain = "", .run = run};
