/* Expand: repeats axes of one element up to the output's shape. */
#include "ref/support/move.h"

static ob_status_t run(const ob_kernel_call_t *call) {
  const ob_tensor_t *x = call->inputs[0], *shape = call->inputs[1];
  int64_t dims[OB_MAX_RANK];
  size_t count = ob_tensor_count(shape);
  if (count > OB_MAX_RANK) return ob_fail(OB_OUT_OF_RANGE, "shape has %zu entries", count);
  int32_t rank = x->rank > (int32_t)count ? x->rank : (int32_t)count;
  for (int32_t i = 0; i < rank; i++) {
    int32_t own = i - (rank - x->rank), other = i - (rank - (int32_t)count);
    int64_t a = own < 0 ? 1 : x->dims[own], b = other < 0 ? 1 : ob_ref_get_int(shape->dtype, shape->data, (size_t)other);
    if (b < 0) return ob_fail(OB_OUT_OF_RANGE, "entry %d of shape is %lld", (int)other, (long long)b);
    dims[i] = a == 1 ? b : a;
  }
  OB_TRY(ob_kernel_allocate(call, 0, rank, dims));
  ob_tensor_t *y = call->outputs[0];
  ob_ref_walk_t walk;
  size_t at = 0;
  OB_TRY(ob_ref_walk_begin(&walk, y->rank, y->dims, &x, 1));
  for (; !walk.done; ob_ref_walk_next(&walk))
    for (size_t i = 0; i < walk.row; i++)
      ob_ref_copy(y->dtype, y->data, at++, x->data, (size_t)(walk.offsets[0] + (int64_t)i * walk.steps[0]), 1);
  return OB_OK;
}

const ob_kernel_t ob_ref_Expand = {.op = "Expand", .domain = "", .run = run};
