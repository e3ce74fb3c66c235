/* SVMRegressor: a regression by support vectors. */
#include "op/ml/ml.h"

static ob_status_t infer(ob_infer_t *infer) {
  static const char *const kernels[] = {"LINEAR", "POLY", "RBF", "SIGMOID", NULL};
  ob_dim_t features, rows = ob_ml_rows(infer, &features);
  ob_ml_check_transform(infer);
  ob_infer_word(infer, "kernel_type", "LINEAR", kernels);
  ob_infer_int_within(infer, "n_supports", 0, 0, INT32_MAX);
  return ob_ml_set_rows(infer, 0, OB_UNDEFINED, rows, ob_dim(infer, 1));
}

const ob_op_t ob_op_ml_SVMRegressor = {
    .name = "SVMRegressor",
    .domain = "ai.onnx.ml",
    .since = 1,
    OB_INPUTS(1, OB_PARAM("X", 'T', OB_TYPES_FEATURES)),
    OB_OUTPUTS(1, OB_PARAM("Y", 0, OB_TYPES_FLOAT32)),
    OB_ATTRIBUTES(OB_MAYBE("coefficients", FLOATS), OB_MAYBE("kernel_params", FLOATS), OB_TEXT("kernel_type", "LINEAR"),
                  OB_INT("n_supports", 0), OB_INT("one_class", 0), OB_TEXT("post_transform", "NONE"), OB_MAYBE("rho", FLOATS),
                  OB_MAYBE("support_vectors", FLOATS)),
    .infer = infer,
    .doc = "a regression by support vectors",
};
