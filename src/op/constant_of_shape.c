/* ConstantOfShape: a tensor of the given shape filled with one value. */
#include "op/infer_util.h"

static ob_status_t infer(ob_infer_t *infer) {
  const ob_attribute_t *value = ob_node_stated(infer->node, "value");
  const ob_constant_t *tensor = value ? value->tensor : NULL;
  ob_shape_t shape;
  int64_t fill, count = 1;
  ob_infer_shape_input(infer, 0, &shape);
  OB_TRY(ob_infer_set(infer, 0, tensor ? tensor->dtype : OB_FLOAT32, &shape));
  if (shape.rank > 1 || shape.rank < 0 || (shape.rank == 1 && !ob_dim_is_const(shape.dims[0], &count))) return OB_OK;
  if (count < 0 || count > OB_MAX_CONTENT || !ob_constant_int(tensor, 0, &fill)) return OB_OK;
  ob_dim_t *items = ob_infer_room(infer, (size_t)count);
  for (int64_t i = 0; items && i < count; i++) items[i] = ob_dim(infer, fill);
  ob_infer_set_content(infer, 0, items, (size_t)count);
  return infer->status;
}

const ob_op_t ob_op_ConstantOfShape = {
    .name = "ConstantOfShape",
    .domain = "",
    .since = 25,
    OB_INPUTS(1, OB_PARAM("input", '1', OB_TYPES_INT64)),
    OB_OUTPUTS(1, OB_PARAM("output", '2', OB_TYPES_ANY & ~(OB_TYPES_STRING | OB_TYPES_COMPLEX))),
    OB_ATTRIBUTES(OB_MAYBE("value", TENSOR)),
    .infer = infer,
    .doc = "a tensor of the given shape filled with one value",
};
