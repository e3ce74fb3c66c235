/* ConstantOfShape: a tensor of the shape given as data, filled with one value (float32 zero unless `value` says). */
#include "ref/support/element.h"

static ob_status_t run(const ob_kernel_call_t *call) {
  const ob_tensor_t *shape = call->inputs[0];
  const ob_attribute_view_t *value = ob_node_attribute(call->node, "value");
  int64_t dims[OB_MAX_RANK];
  size_t rank = ob_tensor_count(shape);
  if (rank > OB_MAX_RANK) return ob_fail(OB_OUT_OF_RANGE, "shape has %zu entries", rank);
  for (size_t i = 0; i < rank; i++) {
    dims[i] = ob_ref_get_int(shape->dtype, shape->data, i);
    if (dims[i] < 0) return ob_fail(OB_OUT_OF_RANGE, "entry %zu of shape is %lld", i, (long long)dims[i]);
  }
  OB_TRY(ob_kernel_allocate(call, 0, (int32_t)rank, dims));
  ob_tensor_t *y = call->outputs[0];
  if (!value)
    ob_ref_zero(y->dtype, y->data, 0, ob_tensor_count(y));
  else
    for (size_t i = 0; i < ob_tensor_count(y); i++) ob_ref_copy(y->dtype, y->data, i, value->tensor->data, 0, 1);
  return OB_OK;
}

const ob_kernel_t ob_ref_ConstantOfShape = {.op = "ConstantOfShape", .domain = "", .run = run};
