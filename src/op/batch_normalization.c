/* BatchNormalization: normalises each channel with given (or, in training, measured) mean and variance. */
#include "op/infer_util.h"

static ob_status_t infer(ob_infer_t *infer) {
  ob_shape_t x = ob_infer_shape_at_least(infer, 0, 1), mean = ob_shape_of_rank(1);
  mean.dims[0] = x.rank < 0 ? NULL : x.rank == 1 ? ob_dim(infer, 1) : x.dims[1];
  for (size_t i = 1; i < 5; i++) {
    ob_shape_t parameter = ob_infer_shape_of_rank(infer, i, 1);
    mean.dims[0] = ob_dim_require_equal(infer, mean.dims[0], parameter.dims[0], "the input's channels and a parameter's size");
  }
  if (infer->node->output_count > 1 && ob_infer_int(infer, "training_mode", 0) == 0)
    return ob_infer_fail(infer, "%zu outputs, expected 1 outside of training", infer->node->output_count);
  OB_TRY(ob_infer_set(infer, 0, OB_UNDEFINED, &x));
  OB_TRY(ob_infer_set(infer, 1, OB_UNDEFINED, &mean));
  return ob_infer_set(infer, 2, OB_UNDEFINED, &mean);
}

const ob_op_t ob_op_BatchNormalization = {
    .name = "BatchNormalization",
    .domain = "",
    .since = 15,
    OB_INPUTS(5, OB_PARAM("X", 'T', OB_TYPES_FLOATS), OB_PARAM("scale", '1', OB_TYPES_FLOATS), OB_PARAM("B", '1', OB_TYPES_FLOATS),
              OB_PARAM("input_mean", '2', OB_TYPES_FLOATS), OB_PARAM("input_var", '2', OB_TYPES_FLOATS)),
    OB_OUTPUTS(1, OB_PARAM("Y", 'T', OB_TYPES_FLOATS), OB_OPTIONAL_PARAM("running_mean", '2', OB_TYPES_FLOATS),
               OB_OPTIONAL_PARAM("running_var", '2', OB_TYPES_FLOATS)),
    OB_ATTRIBUTES(OB_FLOAT("epsilon", 0.00001f), OB_FLOAT("momentum", 0.9f), OB_INT("training_mode", 0)),
    .infer = infer,
    .doc = "normalises each channel with given (or, in training, measured) mean and variance",
};
