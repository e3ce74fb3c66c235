/* Compress: slices along an axis (or elements) where a condition is true. */
#include "op/infer_util.h"

static ob_status_t infer(ob_infer_t *infer) {
  ob_shape_t x = ob_infer_shape_at_least(infer, 0, 1), shape = ob_shape_of_rank(1);
  ob_infer_shape_of_rank(infer, 1, 1);
  if (ob_infer_stated(infer, "axis")) {
    int32_t axis = ob_infer_axis(infer, "axis", 0, x.rank);
    shape = x;
    if (x.rank >= 0) shape.dims[axis] = NULL;
  }
  return ob_infer_set(infer, 0, OB_UNDEFINED, &shape);
}

const ob_op_t ob_op_Compress = {
    .name = "Compress",
    .domain = "",
    .since = 28,
    .flags = OB_OP_DATA_SHAPE,
    OB_INPUTS(2, OB_PARAM("input", 'T', OB_TYPES_COMMON), OB_PARAM("condition", '1', OB_TYPES_BOOL)),
    OB_OUTPUTS(1, OB_PARAM("output", 'T', OB_TYPES_COMMON)),
    OB_ATTRIBUTES(OB_MAYBE("axis", INT)),
    .infer = infer,
    .doc = "slices along an axis (or elements) where a condition is true",
};
