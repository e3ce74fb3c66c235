/* IsInf: true where X is infinite, in the directions that the attributes ask for. */
#include <math.h>

#include "ref/support/element.h"

static ob_status_t run(const ob_kernel_call_t *call) {
  const ob_tensor_t *x = call->inputs[0];
  bool positive = ob_kernel_int(call, "detect_positive", 1) != 0, negative = ob_kernel_int(call, "detect_negative", 1) != 0;
  for (size_t i = 0; i < ob_tensor_count(x); i++) {
    double v = ob_ref_get(x->dtype, x->data, i);
    ((uint8_t *)call->outputs[0]->data)[i] = isinf(v) && (v > 0 ? positive : negative);
  }
  return OB_OK;
}

const ob_kernel_t ob_ref_IsInf = {.op = "IsInf", .domain = "", .run = run};
