/* OptionalGetElement: what an optional holds; a tensor or sequence is passed through. */
#include "ref/support/collection.h"

static ob_status_t run(const ob_kernel_call_t *call) {
  const ob_tensor_t *x = call->inputs[0];
  if (x->kind != OB_OPTIONAL) return ob_ref_give(call, 0, x);
  if (x->item_count == 0) return ob_fail(OB_OUT_OF_RANGE, "the optional is empty");
  return ob_ref_give(call, 0, &x->items[0]);
}

const ob_kernel_t ob_ref_OptionalGetElement = {.op = "OptionalGetElement", .domain = "", .run = run};
