/* SequenceEmpty: a sequence without items. */
#include "ref/support/collection.h"

static ob_status_t run(const ob_kernel_call_t *call) {
  ob_tensor_t *items;
  return ob_ref_give_items(call, 0, &items);
}

const ob_kernel_t ob_ref_SequenceEmpty = {.op = "SequenceEmpty", .domain = "", .run = run};
