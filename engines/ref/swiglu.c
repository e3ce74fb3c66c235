/* SwiGLU: Y = A * sigmoid(alpha * A) * B. */
#include <math.h>

#include "ref/support/element.h"
#include "ref/support/shape.h"

static ob_status_t run(const ob_kernel_call_t *call) {
  const ob_tensor_t *a = call->inputs[0], *b = call->inputs[1];
  ob_tensor_t *y = call->outputs[0];
  double alpha = (double)ob_kernel_float(call, "alpha", 1);
  OB_TRY(ob_ref_same_shape(a, b, "A and B"));
  for (size_t i = 0; i < ob_tensor_count(a); i++) {
    double gate = ob_ref_get(a->dtype, a->data, i);
    ob_ref_set(y->dtype, y->data, i, gate / (1 + exp(-alpha * gate)) * ob_ref_get(b->dtype, b->data, i));
  }
  return OB_OK;
}

const ob_kernel_t ob_ref_SwiGLU = {.op = "SwiGLU", .domain = "", .run = run};
