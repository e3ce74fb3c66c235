/* GlobalLpPool: the p-norm of each channel. */
#include <math.h>

#include "ref/support/element.h"
#include "ref/support/shape.h"

static ob_status_t run(const ob_kernel_call_t *call) {
  const ob_tensor_t *x = call->inputs[0];
  ob_tensor_t *y = call->outputs[0];
  double p = (double)ob_kernel_int(call, "p", 2);
  if (x->rank < 2) return ob_fail(OB_INVALID_ARGUMENT, "the input has rank %d", (int)x->rank);
  size_t channels = ob_ref_product(x->dims, 0, 2), size = ob_ref_product(x->dims, 2, x->rank);
  if (ob_tensor_count(y) != channels) return ob_fail(OB_INVALID_ARGUMENT, "the output has %zu elements", ob_tensor_count(y));
  for (size_t c = 0; c < channels; c++) {
    double value = 0;
    for (size_t i = 0; i < size; i++) {
      double v = ob_ref_get(x->dtype, x->data, c * size + i);
      value += pow(fabs(v), p);
    }
    ob_ref_set(y->dtype, y->data, c, pow(value, 1 / p));
  }
  return OB_OK;
}

const ob_kernel_t ob_ref_GlobalLpPool = {.op = "GlobalLpPool", .domain = "", .run = run};
