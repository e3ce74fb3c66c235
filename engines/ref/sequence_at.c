/* SequenceAt: the item at a position of a sequence. */
#include "ref/support/collection.h"

static ob_status_t run(const ob_kernel_call_t *call) {
  size_t position;
  OB_TRY(ob_ref_position(call, 1, 0, call->inputs[0]->item_count, &position));
  return ob_ref_give(call, 0, &call->inputs[0]->items[position]);
}

const ob_kernel_t ob_ref_SequenceAt = {.op = "SequenceAt", .domain = "", .run = run};
