/* MeanVarianceNormalization: mean 0 and deviation 1 over axes. */
#include "op/infer_util.h"

static ob_status_t infer(ob_infer_t *infer) {
  ob_shape_t x = ob_infer_shape(infer, 0);
  size_t count;
  const ob_dim_t *axes = ob_infer_ints(infer, "axes", &count);
  for (size_t i = 0; i < count; i++) {
    int64_t axis;
    if (ob_dim_is_const(axes[i], &axis)) ob_infer_axis_of(infer, "axes", axis, x.rank, false);
  }
  return ob_infer_set(infer, 0, OB_UNDEFINED, &x);
}

const ob_op_t ob_op_MeanVarianceNormalization = {
    .name = "MeanVarianceNormalization",
    .domain = "",
    .since = 13,
    OB_INPUTS(1, OB_PARAM("X", 'T', OB_TYPES_FLOATS)),
    OB_OUTPUTS(1, OB_PARAM("Y", 'T', OB_TYPES_FLOATS)),
    OB_ATTRIBUTES(OB_INTS("axes", 0, 2, 3)),
    .infer = infer,
    .doc = "mean 0 and deviation 1 over axes",
};
