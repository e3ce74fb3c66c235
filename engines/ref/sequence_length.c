/* SequenceLength: the number of items of a sequence. */
#include "ref/support/collection.h"

static ob_status_t run(const ob_kernel_call_t *call) {
  ob_ref_set_int(OB_INT64, call->outputs[0]->data, 0, (int64_t)call->inputs[0]->item_count);
  return OB_OK;
}

const ob_kernel_t ob_ref_SequenceLength = {.op = "SequenceLength", .domain = "", .run = run};
