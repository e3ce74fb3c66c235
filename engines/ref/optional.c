/* Optional: an optional that holds the input, or nothing. */
#include "ref/support/collection.h"

static ob_status_t run(const ob_kernel_call_t *call) {
  const ob_tensor_t *x = ob_ref_input(call, 0);
  ob_tensor_t *items;
  OB_TRY(ob_ref_give_items(call, x ? 1 : 0, &items));
  if (x) items[0] = *x;
  return OB_OK;
}

const ob_kernel_t ob_ref_Optional = {.op = "Optional", .domain = "", .run = run};
