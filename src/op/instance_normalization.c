/* InstanceNormalization: mean 0 and deviation 1 for each channel of each sample, then scale and bias. */
#include "op/infer_util.h"

static ob_status_t infer(ob_infer_t *infer) {
  ob_shape_t x = ob_infer_shape_at_least(infer, 0, 3);
  for (size_t i = 1; i < 3; i++) {
    ob_shape_t parameter = ob_infer_shape_of_rank(infer, i, 1);
    if (x.rank >= 0) ob_dim_require_equal(infer, x.dims[1], parameter.dims[0], "the input's channels and a parameter's size");
  }
  return ob_infer_set(infer, 0, OB_UNDEFINED, &x);
}

const ob_op_t ob_op_InstanceNormalization = {
    .name = "InstanceNormalization",
    .domain = "",
    .since = 22,
    OB_INPUTS(3, OB_PARAM("input", 'T', OB_TYPES_FLOATS), OB_PARAM("scale", 'T', OB_TYPES_FLOATS),
              OB_PARAM("B", 'T', OB_TYPES_FLOATS)),
    OB_OUTPUTS(1, OB_PARAM("output", 'T', OB_TYPES_FLOATS)),
    OB_ATTRIBUTES(OB_FLOAT("epsilon", 0.00001f)),
    .infer = infer,
    .doc = "mean 0 and deviation 1 for each channel of each sample, then scale and bias",
};
