/* LinearRegressor: a linear model. */
#include "op/ml/ml.h"

static ob_status_t infer(ob_infer_t *infer) {
  int64_t targets = ob_infer_int_within(infer, "targets", 1, 1, INT32_MAX), size;
  size_t coefficients = ob_ml_count(infer, "coefficients"), intercepts = ob_ml_count(infer, "intercepts");
  ob_dim_t features, rows = ob_ml_rows(infer, &features);
  ob_ml_check_transform(infer);
  if (intercepts != 0 && intercepts != (size_t)targets)
    ob_infer_fail(infer, "attribute 'intercepts' has %zu elements, expected %lld", intercepts, (long long)targets);
  if (ob_dim_is_const(features, &size) && coefficients != (size_t)(size * targets))
    ob_infer_fail(infer, "attribute 'coefficients' has %zu elements, expected %lld rows of %lld", coefficients, (long long)targets, (long long)size);
  return ob_ml_set_rows(infer, 0, OB_UNDEFINED, rows, ob_dim(infer, targets));
}

const ob_op_t ob_op_ml_LinearRegressor = {
    .name = "LinearRegressor",
    .domain = "ai.onnx.ml",
    .since = 1,
    OB_INPUTS(1, OB_PARAM("X", 'T', OB_TYPES_FEATURES)),
    OB_OUTPUTS(1, OB_PARAM("Y", 0, OB_TYPES_FLOAT32)),
    OB_ATTRIBUTES(OB_MAYBE("coefficients", FLOATS), OB_MAYBE("intercepts", FLOATS), OB_TEXT("post_transform", "NONE"), OB_INT("targets", 1)),
    .infer = infer,
    .doc = "a linear model",
};
