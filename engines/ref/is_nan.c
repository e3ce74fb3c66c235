/* IsNaN: true where X is not a number. */
#include <math.h>

#include "ref/support/element.h"

static ob_status_t run(const ob_kernel_call_t *call) {
  const ob_tensor_t *x = call->inputs[0];
  bool *y = call->outputs[0]->data;
  for (size_t i = 0; i < ob_tensor_count(x); i++) y[i] = isnan(ob_ref_get(x->dtype, x->data, i));
  return OB_OK;
}

const ob_kernel_t ob_ref_IsNaN = {.op = "IsNaN", .domain = "", .run = run};
