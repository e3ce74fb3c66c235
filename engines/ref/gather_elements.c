/* GatherElements: each output element is the data element at its own place, but for one axis, where the index says. */
#include "ref/support/index.h"

static ob_status_t run(const ob_kernel_call_t *call) {
  const ob_tensor_t *x = call->inputs[0], *indices = call->inputs[1];
  int32_t axis;
  int64_t index[OB_MAX_RANK] = {0}, strides[OB_MAX_RANK];
  OB_TRY(ob_ref_axis(ob_kernel_int(call, "axis", 0), x->rank, &axis));
  for (int32_t i = 0; i < x->rank; i++)
    if (indices->rank != x->rank || (i != axis && indices->dims[i] > x->dims[i]))
      return ob_fail(OB_INVALID_ARGUMENT, "indices do not fit the data along axis %d", (int)i);
  OB_TRY(ob_kernel_allocate(call, 0, indices->rank, indices->dims));
  ob_ref_strides(x->rank, x->dims, strides);
  for (size_t at = 0; at < ob_tensor_count(indices); at++) {
    int64_t from = 0, chosen;
    OB_TRY(ob_ref_index(indices, at, axis, x->dims[axis], &chosen));
    for (int32_t i = 0; i < x->rank; i++) from += (i == axis ? chosen : index[i]) * strides[i];
    ob_ref_copy(x->dtype, call->outputs[0]->data, at, x->data, (size_t)from, 1);
    ob_ref_next(indices->rank, indices->dims, index);
  }
  return OB_OK;
}

const ob_kernel_t ob_ref_GatherElements = {.op = "GatherElements", .domain = "", .run = run};
