/* SequenceErase: the sequence without the item at a position; the last one when none is given. */
#include "ref/support/collection.h"

static ob_status_t run(const ob_kernel_call_t *call) {
  const ob_tensor_t *sequence = call->inputs[0];
  ob_tensor_t *items;
  size_t position;
  OB_TRY(ob_ref_position(call, 1, -1, sequence->item_count, &position));
  OB_TRY(ob_ref_give_items(call, sequence->item_count - 1, &items));
  for (size_t i = 0; i + 1 < sequence->item_count; i++) items[i] = sequence->items[i + (i >= position)];
  return OB_OK;
}

const ob_kernel_t ob_ref_SequenceErase = {.op = "SequenceErase", .domain = "", .run = run};
