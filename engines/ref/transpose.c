/* Transpose: output axis i is input axis perm[i]; without perm the axes are reversed. */
#include "ref/support/move.h"

static ob_status_t run(const ob_kernel_call_t *call) {
  const ob_tensor_t *x = call->inputs[0];
  size_t count;
  const int64_t *perm = ob_kernel_ints(call, "perm", &count);
  int64_t dims[OB_MAX_RANK];
  ob_ref_place_t whole = ob_ref_whole(x), from = whole;
  if (perm && count != (size_t)x->rank) return ob_fail(OB_INVALID_ARGUMENT, "perm has %zu entries for rank %d", count, (int)x->rank);
  for (int32_t i = 0; i < x->rank; i++) {
    int32_t axis;
    OB_TRY(ob_ref_axis(perm ? perm[i] : x->rank - 1 - i, x->rank, &axis));
    dims[i] = x->dims[axis];
    from.strides[i] = whole.strides[axis];
  }
  OB_TRY(ob_kernel_allocate(call, 0, x->rank, dims));
  ob_ref_place_t to = ob_ref_whole(call->outputs[0]);
  ob_ref_move(x->dtype, x->rank, dims, &to, &from);
  return OB_OK;
}

const ob_kernel_t ob_ref_Transpose = {.op = "Transpose", .domain = "", .run = run};
