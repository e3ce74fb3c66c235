/* Adam: a step of Adam for some tensors. */
#include "op/preview/training.h"

static ob_status_t infer(ob_infer_t *infer) {
  return ob_infer_optimizer(infer, 4, 3);
}

const ob_op_t ob_op_training_Adam = {
    .name = "Adam",
    .domain = "ai.onnx.preview.training",
    .since = 1,
    OB_INPUTS(3, OB_PARAM("R", '1', OB_TYPES_TRAINED), OB_PARAM("T", '2', OB_TYPES_INT64), OB_PARAM("inputs", 0, OB_TYPES_TRAINED)),
    OB_OUTPUTS(1, OB_PARAM("outputs", 0, OB_TYPES_TRAINED)),
    .variadic_inputs = true,
    .variadic_outputs = true,
    OB_ATTRIBUTES(OB_FLOAT("alpha", 0.9f), OB_FLOAT("beta", 0.999f), OB_FLOAT("epsilon", 1e-6f), OB_FLOAT("norm_coefficient", 0.0f),
                  OB_FLOAT("norm_coefficient_post", 0.0f)),
    .infer = infer,
    .doc = "a step of Adam for some tensors",
};
