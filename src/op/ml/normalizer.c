/* Normalizer: rows divided by their norm. */
#include "op/ml/ml.h"

static ob_status_t infer(ob_infer_t *infer) {
  static const char *const words[] = {"MAX", "L1", "L2", NULL};
  ob_dim_t features;
  ob_ml_rows(infer, &features);
  ob_infer_word(infer, "norm", "MAX", words);
  return ob_infer_same(infer);
}

const ob_op_t ob_op_ml_Normalizer = {
    .name = "Normalizer",
    .domain = "ai.onnx.ml",
    .since = 1,
    OB_INPUTS(1, OB_PARAM("X", 'T', OB_TYPES_FEATURES)),
    OB_OUTPUTS(1, OB_PARAM("Y", 0, OB_TYPES_FLOAT32)),
    OB_ATTRIBUTES(OB_TEXT("norm", "MAX")),
    .infer = infer,
    .doc = "rows divided by their norm",
};
