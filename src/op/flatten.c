/* Flatten: two axes: the product of the sizes before `axis` and of the rest. */
#include "op/infer_util.h"

static ob_status_t infer(ob_infer_t *infer) {
  ob_shape_t data = ob_infer_shape(infer, 0), shape = ob_shape_of_rank(2);
  int32_t axis = ob_infer_axis_of(infer, "axis", ob_infer_int(infer, "axis", 1), data.rank, true);
  if (data.rank >= 0) {
    shape.dims[0] = ob_shape_count(infer, &data, 0, axis);
    shape.dims[1] = ob_shape_count(infer, &data, axis, data.rank);
  }
  return ob_infer_set(infer, 0, OB_UNDEFINED, &shape);
}

const ob_op_t ob_op_Flatten = {
    .name = "Flatten",
    .domain = "",
    .since = 25,
    .flags = OB_OP_VIEW,
    OB_INPUTS(1, OB_PARAM("input", 'T', OB_TYPES_ANY)),
    OB_OUTPUTS(1, OB_PARAM("output", 'T', OB_TYPES_ANY)),
    OB_ATTRIBUTES(OB_INT("axis", 1)),
    .infer = infer,
    .doc = "two axes: the product of the sizes before `axis` and of the rest",
};
