/* Concat: tensors one after the other along an axis. */
#include "ref/support/move.h"

static ob_status_t run(const ob_kernel_call_t *call) {
  const ob_tensor_t *first = call->inputs[0];
  int32_t axis;
  int64_t dims[OB_MAX_RANK];
  OB_TRY(ob_ref_axis(ob_kernel_int(call, "axis", 0), first->rank, &axis));
  for (int32_t i = 0; i < first->rank; i++) dims[i] = first->dims[i];
  dims[axis] = 0;
  for (size_t t = 0; t < call->node->input_count; t++) {
    const ob_tensor_t *x = call->inputs[t];
    for (int32_t i = 0; i < first->rank; i++)
      if (x->rank != first->rank || (i != axis && x->dims[i] != first->dims[i]))
        return ob_fail(OB_INVALID_ARGUMENT, "input %zu does not fit the first along axis %d", t, (int)i);
    dims[axis] += x->dims[axis];
  }
  OB_TRY(ob_kernel_allocate(call, 0, first->rank, dims));
  ob_ref_place_t to = ob_ref_whole(call->outputs[0]);
  for (size_t t = 0; t < call->node->input_count; t++) {
    ob_ref_place_t from = ob_ref_whole(call->inputs[t]);
    ob_ref_move(first->dtype, first->rank, call->inputs[t]->dims, &to, &from);
    to.at += call->inputs[t]->dims[axis] * to.strides[axis];
  }
  return OB_OK;
}

const ob_kernel_t ob_ref_Concat = {.op = "Concat", .domain = "", .run = run};
