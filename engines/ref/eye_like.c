/* EyeLike: ones on diagonal k of a matrix of the input's shape, zeros elsewhere. */
#include "ref/support/element.h"
#include "ref/support/shape.h"

static ob_status_t run(const ob_kernel_call_t *call) {
  ob_tensor_t *y = call->outputs[0];
  int64_t k = ob_kernel_int(call, "k", 0);
  if (y->rank != 2) return ob_fail(OB_INVALID_ARGUMENT, "the output has rank %d", (int)y->rank);
  ob_ref_zero(y->dtype, y->data, 0, ob_tensor_count(y));
  for (int64_t row = 0; row < y->dims[0]; row++)
    if (k >= -row && k < y->dims[1] - row) ob_ref_set(y->dtype, y->data, (size_t)(row * y->dims[1] + row + k), 1);
  return OB_OK;
}

const ob_kernel_t ob_ref_EyeLike = {.op = "EyeLike", .domain = "", .run = run};
