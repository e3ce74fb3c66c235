/* Trilu: keeps the upper or lower triangle of matrices, seen from diagonal k; the rest becomes zero. */
#include "ref/support/element.h"
#include "ref/support/shape.h"

static ob_status_t run(const ob_kernel_call_t *call) {
  const ob_tensor_t *x = call->inputs[0], *diagonal = ob_ref_input(call, 1);
  ob_tensor_t *y = call->outputs[0];
  bool upper = ob_kernel_int(call, "upper", 1) != 0;
  int64_t k = diagonal ? ob_ref_get_int(diagonal->dtype, diagonal->data, 0) : 0;
  if (x->rank < 2) return ob_fail(OB_INVALID_ARGUMENT, "the input has rank %d", (int)x->rank);
  OB_TRY(ob_ref_same_shape(x, y, "input and output"));
  int64_t rows = x->dims[x->rank - 2], columns = x->dims[x->rank - 1];
  k = k > columns ? columns : k < -rows ? -rows : k; /* beyond the matrix nothing changes, and the sum below can't wrap */
  for (size_t at = 0; at < ob_tensor_count(x); at++) {
    int64_t column = (int64_t)at % columns, row = (int64_t)at / columns % rows;
    if (upper ? column >= row + k : column <= row + k)
      ob_ref_copy(y->dtype, y->data, at, x->data, at, 1);
    else
      ob_ref_zero(y->dtype, y->data, at, 1);
  }
  return OB_OK;
}

const ob_kernel_t ob_ref_Trilu = {.op = "Trilu", .domain = "", .run = run};
