/* Momentum: a step of gradient descent with momentum for some tensors. */
#include "op/preview/training.h"

static ob_status_t infer(ob_infer_t *infer) {
  static const char *const modes[] = {"standard", "nesterov", NULL};
  ob_infer_word(infer, "mode", "standard", modes);
  return ob_infer_optimizer(infer, 3, 2);
}

const ob_op_t ob_op_training_Momentum = {
    .name = "Momentum",
    .domain = "ai.onnx.preview.training",
    .since = 1,
    OB_INPUTS(3, OB_PARAM("R", '1', OB_TYPES_TRAINED), OB_PARAM("T", '2', OB_TYPES_INT64), OB_PARAM("inputs", 0, OB_TYPES_TRAINED)),
    OB_OUTPUTS(1, OB_PARAM("outputs", 0, OB_TYPES_TRAINED)),
    .variadic_inputs = true,
    .variadic_outputs = true,
    OB_ATTRIBUTES(OB_MUST("alpha", FLOAT), OB_MUST("beta", FLOAT), OB_MUST("mode", STRING), OB_MUST("norm_coefficient", FLOAT)),
    .infer = infer,
    .doc = "a step of gradient descent with momentum for some tensors",
};
