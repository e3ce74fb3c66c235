/* Unique: elements or slices without repetition. */
#include "op/infer_util.h"

static ob_status_t infer(ob_infer_t *infer) {
  ob_shape_t x = ob_infer_shape(infer, 0), shape = ob_shape_of_rank(1), vector = ob_shape_of_rank(1), inverse = vector;
  if (ob_infer_stated(infer, "axis")) {
    int32_t axis = ob_infer_axis(infer, "axis", 0, x.rank);
    shape = x;
    if (x.rank >= 0) {
      inverse.dims[0] = x.dims[axis];
      shape.dims[axis] = NULL;
    }
  } else {
    inverse.dims[0] = ob_shape_count(infer, &x, 0, x.rank);
  }
  OB_TRY(ob_infer_set(infer, 0, OB_UNDEFINED, &shape));
  OB_TRY(ob_infer_set(infer, 1, OB_UNDEFINED, &vector));
  OB_TRY(ob_infer_set(infer, 2, OB_UNDEFINED, &inverse));
  return ob_infer_set(infer, 3, OB_UNDEFINED, &vector);
}

const ob_op_t ob_op_Unique = {
    .name = "Unique",
    .domain = "",
    .since = 28,
    .flags = OB_OP_DATA_SHAPE,
    OB_INPUTS(1, OB_PARAM("X", 'T', OB_TYPES_COMMON)),
    OB_OUTPUTS(1, OB_PARAM("Y", 'T', OB_TYPES_COMMON), OB_OPTIONAL_PARAM("indices", 0, OB_TYPES_INT64),
               OB_OPTIONAL_PARAM("inverse_indices", 0, OB_TYPES_INT64), OB_OPTIONAL_PARAM("counts", 0, OB_TYPES_INT64)),
    OB_ATTRIBUTES(OB_MAYBE("axis", INT), OB_INT("sorted", 1)),
    .infer = infer,
    .doc = "elements or slices without repetition",
};
