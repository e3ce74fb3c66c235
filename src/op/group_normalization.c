/* GroupNormalization: mean 0 and deviation 1 for groups of channels of each sample, then scale and bias. */
#include "op/infer_util.h"

static ob_status_t infer(ob_infer_t *infer) {
  ob_shape_t x = ob_infer_shape_at_least(infer, 0, 3);
  int64_t groups = ob_infer_int_within(infer, "num_groups", 1, 1, INT64_MAX), channels;
  if (x.rank >= 0 && ob_dim_is_const(x.dims[1], &channels) && channels % groups != 0)
    return ob_infer_fail(infer, "the input has %lld channels, which %lld groups do not divide", (long long)channels,
                         (long long)groups);
  for (size_t i = 1; i < 3; i++) {
    ob_shape_t parameter = ob_infer_shape_of_rank(infer, i, 1);
    if (x.rank >= 0) ob_dim_require_equal(infer, x.dims[1], parameter.dims[0], "the input's channels and a parameter's size");
  }
  return ob_infer_set(infer, 0, OB_UNDEFINED, &x);
}

const ob_op_t ob_op_GroupNormalization = {
    .name = "GroupNormalization",
    .domain = "",
    .since = 21,
    OB_INPUTS(3, OB_PARAM("X", 'T', OB_TYPES_FLOATS), OB_PARAM("scale", 'T', OB_TYPES_FLOATS),
              OB_PARAM("bias", 'T', OB_TYPES_FLOATS)),
    OB_OUTPUTS(1, OB_PARAM("Y", 'T', OB_TYPES_FLOATS)),
    OB_ATTRIBUTES(OB_FLOAT("epsilon", 0.00001f), OB_MUST("num_groups", INT), OB_INT("stash_type", 1)),
    .infer = infer,
    .doc = "mean 0 and deviation 1 for groups of channels of each sample, then scale and bias",
};
