/* Compress: the slices along an axis (or the flattened elements) for which the condition is true. */
#include "ref/support/element.h"
#include "ref/support/shape.h"

static ob_status_t run(const ob_kernel_call_t *call) {
  const ob_tensor_t *x = call->inputs[0], *condition = call->inputs[1];
  bool flat = ob_node_attribute(call->node, "axis") == NULL;
  int32_t axis = 0;
  int64_t dims[OB_MAX_RANK];
  if (!flat) OB_TRY(ob_ref_axis(ob_kernel_int(call, "axis", 0), x->rank, &axis));
  size_t outer = flat ? 1 : ob_ref_product(x->dims, 0, axis), length = flat ? ob_tensor_count(x) : (size_t)x->dims[axis];
  size_t inner = flat ? 1 : ob_ref_product(x->dims, axis + 1, x->rank), kept = 0, at = 0, count = ob_tensor_count(condition);
  const uint8_t *keep = condition->data;
  if (count > length) return ob_fail(OB_OUT_OF_RANGE, "the condition has %zu elements, the axis %zu", count, length);
  for (size_t i = 0; i < count; i++) kept += keep[i] != 0;
  for (int32_t i = 0; !flat && i < x->rank; i++) dims[i] = x->dims[i];
  dims[axis] = (int64_t)kept;
  OB_TRY(ob_kernel_allocate(call, 0, flat ? 1 : x->rank, dims));
  for (size_t o = 0; o < outer; o++)
    for (size_t i = 0; i < count; i++)
      if (keep[i]) {
        ob_ref_copy(x->dtype, call->outputs[0]->data, at, x->data, (o * length + i) * inner, inner);
        at += inner;
      }
  return OB_OK;
}

const ob_kernel_t ob_ref_Compress = {.op = "Compress", .domain = "", .run = run};
