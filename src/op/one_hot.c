/* OneHot: a new axis with one value at each index and another elsewhere. */
#include "op/infer_util.h"

/* The depth may be of any number type; a constant of floats is one, too. */
static ob_dim_t read_depth(ob_infer_t *infer) {
  const float *floats;
  size_t count;
  ob_dim_t depth = ob_infer_scalar(infer, 1);
  if (depth || !ob_infer_floats(infer, 1, &floats, &count) || count != 1 || !(floats[0] >= 0 && floats[0] < 9e15f)) return depth;
  return ob_dim(infer, (int64_t)floats[0]);
}

static ob_status_t infer(ob_infer_t *infer) {
  ob_shape_t indices = ob_infer_shape(infer, 0), shape;
  if (indices.rank < 0) return ob_infer_set(infer, 0, OB_UNDEFINED, &indices);
  int32_t axis = ob_infer_axis(infer, "axis", -1, indices.rank + 1);
  ob_dim_t depth = read_depth(infer);
  OB_TRY(infer->status);
  shape = ob_shape_of(axis, indices.dims);
  ob_shape_append(infer, &shape, depth);
  for (int32_t i = axis; i < indices.rank; i++) ob_shape_append(infer, &shape, indices.dims[i]);
  return ob_infer_set(infer, 0, OB_UNDEFINED, &shape);
}

const ob_op_t ob_op_OneHot = {
    .name = "OneHot",
    .domain = "",
    .since = 28,
    OB_INPUTS(3, OB_PARAM("indices", '1', OB_TYPES_NUMERIC & ~OB_DTYPE_BIT(OB_BFLOAT16)),
              OB_PARAM("depth", '2', OB_TYPES_NUMERIC & ~OB_DTYPE_BIT(OB_BFLOAT16)), OB_PARAM("values", '3', OB_TYPES_COMMON)),
    OB_OUTPUTS(1, OB_PARAM("output", '3', OB_TYPES_COMMON)),
    OB_ATTRIBUTES(OB_INT("axis", -1)),
    .infer = infer,
    .doc = "a new axis with one value at each index and another elsewhere",
};
