/* ScatterND: a copy of the data in which slices were updated at the coordinates that the last axis of `indices` holds. */
#include "ref/support/scatter.h"

static ob_status_t run(const ob_kernel_call_t *call) {
  const ob_tensor_t *x = call->inputs[0], *indices = call->inputs[1], *updates = call->inputs[2];
  ob_tensor_t *y = call->outputs[0];
  ob_ref_scatter_t mode = ob_ref_scatter_mode(call);
  int64_t strides[OB_MAX_RANK];
  OB_TRY(ob_ref_same_shape(x, y, "input and output"));
  if (indices->rank < 1 || indices->dims[indices->rank - 1] > x->rank) return ob_fail(OB_INVALID_ARGUMENT, "coordinates of too many axes");
  int32_t last = indices->rank - 1, depth = (int32_t)indices->dims[last];
  size_t count = ob_ref_product(indices->dims, 0, last), inner = ob_ref_product(x->dims, depth, x->rank);
  if (ob_tensor_count(updates) != count * inner)
    return ob_fail(OB_INVALID_ARGUMENT, "%zu updates for %zu slices of %zu elements", ob_tensor_count(updates), count, inner);
  ob_ref_copy(x->dtype, y->data, 0, x->data, 0, ob_tensor_count(x));
  ob_ref_strides(x->rank, x->dims, strides);
  for (size_t p = 0; p < count; p++) {
    int64_t to = 0;
    for (int32_t i = 0; i < depth; i++) {
      int64_t chosen;
      OB_TRY(ob_ref_index(indices, p * (size_t)depth + (size_t)i, i, x->dims[i], &chosen));
      to += chosen * strides[i];
    }
    for (size_t i = 0; i < inner; i++) ob_ref_scatter(mode, y, (size_t)to + i, updates, p * inner + i);
  }
  return OB_OK;
}

const ob_kernel_t ob_ref_ScatterND = {.op = "ScatterND", .domain = "", .run = run};
