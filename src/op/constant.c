/* Constant: a tensor that the model holds. */
#include "base/checked.h"
#include "op/infer_util.h"

/* Elements of an attribute of integers. */
static ob_status_t set_ints(ob_infer_t *infer, const ob_attribute_t *value, bool scalar) {
  ob_shape_t shape = scalar ? ob_shape_of_rank(0) : ob_shape_of(1, &(ob_dim_t){ob_dim(infer, (int64_t)value->count)});
  OB_TRY(ob_infer_set(infer, 0, OB_INT64, &shape));
  ob_infer_set_content(infer, 0, value->ints, value->count);
  return infer->status;
}

static ob_status_t set_tensor(ob_infer_t *infer, const ob_constant_t *tensor) {
  ob_shape_t shape = ob_shape_of_rank(tensor->rank);
  size_t count = 1;
  for (int32_t i = 0; i < tensor->rank; i++) shape.dims[i] = ob_dim(infer, tensor->dims[i]);
  OB_TRY(ob_infer_set(infer, 0, tensor->dtype, &shape));
  if (tensor->rank > 1 || !ob_dims_count(tensor->rank, tensor->dims, &count) || count > OB_MAX_CONTENT) return OB_OK;
  ob_dim_t *items = ob_infer_room(infer, count);
  int64_t number;
  for (size_t i = 0; items && i < count; i++)
    if (ob_constant_int(tensor, i, &number)) items[i] = ob_dim(infer, number);
  ob_infer_set_content(infer, 0, items, count);
  return infer->status;
}

static ob_status_t infer(ob_infer_t *infer) {
  const ob_node_t *node = infer->node;
  ob_shape_t scalar = ob_shape_of_rank(0);
  if (node->attribute_count != 1)
    return ob_infer_fail(infer, "%zu attributes, expected one that holds the value", node->attribute_count);
  const ob_attribute_t *value = &node->attributes[0];
  ob_shape_t vector = ob_shape_of(1, &(ob_dim_t){ob_dim(infer, (int64_t)value->count)});
  switch (value->kind) {
    case OB_ATTRIBUTE_TENSOR:
      return set_tensor(infer, value->tensor);
    case OB_ATTRIBUTE_INT:
      return set_ints(infer, value, true);
    case OB_ATTRIBUTE_INTS:
      return set_ints(infer, value, false);
    case OB_ATTRIBUTE_FLOAT:
      return ob_infer_set(infer, 0, OB_FLOAT32, &scalar);
    case OB_ATTRIBUTE_FLOATS:
      return ob_infer_set(infer, 0, OB_FLOAT32, &vector);
    case OB_ATTRIBUTE_STRING:
      return ob_infer_set(infer, 0, OB_STRING, &scalar);
    case OB_ATTRIBUTE_STRINGS:
      return ob_infer_set(infer, 0, OB_STRING, &vector);
  }
  return OB_OK;
}

const ob_op_t ob_op_Constant = {
    .name = "Constant",
    .domain = "",
    .since = 25,
    OB_OUTPUTS(1, OB_PARAM("output", 'T', OB_TYPES_ANY)),
    OB_ATTRIBUTES(OB_MAYBE("value", TENSOR), OB_MAYBE("value_float", FLOAT), OB_MAYBE("value_floats", FLOATS),
                  OB_MAYBE("value_int", INT), OB_MAYBE("value_ints", INTS), OB_MAYBE("value_string", STRING),
                  OB_MAYBE("value_strings", STRINGS)),
    .infer = infer,
    .doc = "a tensor that the model holds",
};
