/* OptionalHasElement: is there anything? False for an empty optional and for an input that is left out. */
#include "ref/support/collection.h"

static ob_status_t run(const ob_kernel_call_t *call) {
  const ob_tensor_t *x = ob_ref_input(call, 0);
  ob_ref_set_int(OB_BOOL, call->outputs[0]->data, 0, x && (x->kind != OB_OPTIONAL || x->item_count > 0));
  return OB_OK;
}

const ob_kernel_t ob_ref_OptionalHasElement = {.op = "OptionalHasElement", .domain = "", .run = run};
