/* ScatterElements: a copy of the data in which each update went to its own place, but for one axis, where the index says. */
#include "ref/support/scatter.h"

static ob_status_t run(const ob_kernel_call_t *call) {
  const ob_tensor_t *x = call->inputs[0], *indices = call->inputs[1], *updates = call->inputs[2];
  ob_tensor_t *y = call->outputs[0];
  ob_ref_scatter_t mode = ob_ref_scatter_mode(call);
  int32_t axis;
  int64_t index[OB_MAX_RANK] = {0}, strides[OB_MAX_RANK];
  OB_TRY(ob_ref_axis(ob_kernel_int(call, "axis", 0), x->rank, &axis));
  OB_TRY(ob_ref_same_shape(indices, updates, "indices and updates"));
  OB_TRY(ob_ref_same_shape(x, y, "input and output"));
  for (int32_t i = 0; i < x->rank; i++)
    if (indices->rank != x->rank || (i != axis && indices->dims[i] > x->dims[i]))
      return ob_fail(OB_INVALID_ARGUMENT, "indices do not fit the data along axis %d", (int)i);
  ob_ref_copy(x->dtype, y->data, 0, x->data, 0, ob_tensor_count(x));
  ob_ref_strides(x->rank, x->dims, strides);
  for (size_t at = 0; at < ob_tensor_count(indices); at++) {
    int64_t to = 0, chosen;
    OB_TRY(ob_ref_index(indices, at, axis, x->dims[axis], &chosen));
    for (int32_t i = 0; i < x->rank; i++) to += (i == axis ? chosen : index[i]) * strides[i];
    ob_ref_scatter(mode, y, (size_t)to, updates, at);
    ob_ref_next(indices->rank, indices->dims, index);
  }
  return OB_OK;
}

const ob_kernel_t ob_ref_ScatterElements = {.op = "ScatterElements", .domain = "", .run = run};
