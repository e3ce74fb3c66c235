/* LayerNormalization: mean 0 and deviation 1 over the axes from `axis` on, then scale and bias. */
#include "op/infer_util.h"

static ob_status_t infer(ob_infer_t *infer) {
  ob_shape_t x = ob_infer_shape_at_least(infer, 0, 1), statistics = x, scale = ob_infer_shape(infer, 1),
             bias = ob_infer_shape(infer, 2);
  int32_t axis = ob_infer_axis(infer, "axis", -1, x.rank);
  for (int32_t i = axis; i < x.rank && axis >= 0; i++) statistics.dims[i] = ob_dim(infer, 1);
  ob_infer_check_broadcast_to(infer, &scale, &x, "Scale");
  ob_infer_check_broadcast_to(infer, &bias, &x, "B");
  OB_TRY(ob_infer_set(infer, 0, OB_UNDEFINED, &x));
  ob_dtype_t stash = ob_infer_dtype_attribute(infer, "stash_type", OB_FLOAT32);
  OB_TRY(ob_infer_set(infer, 1, stash, &statistics));
  return ob_infer_set(infer, 2, stash, &statistics);
}

const ob_op_t ob_op_LayerNormalization = {
    .name = "LayerNormalization",
    .domain = "",
    .since = 17,
    OB_INPUTS(2, OB_PARAM("X", 'T', OB_TYPES_FLOATS), OB_PARAM("Scale", 'T', OB_TYPES_FLOATS),
              OB_OPTIONAL_PARAM("B", 'T', OB_TYPES_FLOATS)),
    OB_OUTPUTS(1, OB_PARAM("Y", 'T', OB_TYPES_FLOATS), OB_OPTIONAL_PARAM("Mean", 'U', OB_TYPES_FLOAT32 | OB_DTYPE_BIT(OB_BFLOAT16)),
               OB_OPTIONAL_PARAM("InvStdDev", 'U', OB_TYPES_FLOAT32 | OB_DTYPE_BIT(OB_BFLOAT16))),
    OB_ATTRIBUTES(OB_INT("axis", -1), OB_FLOAT("epsilon", 0.00001f), OB_INT("stash_type", 1)),
    .infer = infer,
    .doc = "mean 0 and deviation 1 over the axes from `axis` on, then scale and bias",
};
