/* Binarizer: 1 above the threshold, else 0. */
#include "op/ml/ml.h"

const ob_op_t ob_op_ml_Binarizer = {
    .name = "Binarizer",
    .domain = "ai.onnx.ml",
    .since = 1,
    .flags = OB_OP_ELEMENTWISE,
    OB_INPUTS(1, OB_PARAM("X", 'T', OB_TYPES_FEATURES)),
    OB_OUTPUTS(1, OB_PARAM("Y", 'T', OB_TYPES_FEATURES)),
    OB_ATTRIBUTES(OB_FLOAT("threshold", 0.0f)),
    .infer = ob_infer_same,
    .doc = "1 above the threshold, else 0",
};
