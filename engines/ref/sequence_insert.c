/* SequenceInsert: the sequence with a tensor before a position; at the end when none is given. */
#include "ref/support/collection.h"

static ob_status_t run(const ob_kernel_call_t *call) {
  const ob_tensor_t *sequence = call->inputs[0], *given = ob_ref_input(call, 2);
  int64_t count = (int64_t)sequence->item_count, position = given ? ob_ref_get_int(given->dtype, given->data, 0) : count;
  ob_tensor_t *items;
  if (position < -count || position > count) return ob_fail(OB_OUT_OF_RANGE, "position %lld in a sequence of %lld", (long long)position, (long long)count);
  if (position < 0) position += count;
  OB_TRY(ob_ref_give_items(call, sequence->item_count + 1, &items));
  for (int64_t i = 0; i <= count; i++) items[i] = i == position ? *call->inputs[1] : sequence->items[i - (i > position)];
  return OB_OK;
}

const ob_kernel_t ob_ref_SequenceInsert = {.op = "SequenceInsert", .domain = "", .run = run};
