/* LinearClassifier: a linear model of classes. */
#include "op/ml/ml.h"

static ob_status_t infer(ob_infer_t *infer) {
  size_t labels, scores = ob_ml_count(infer, "intercepts"), coefficients = ob_ml_count(infer, "coefficients");
  ob_dtype_t dtype = ob_ml_labels(infer, "classlabels_strings", "classlabels_ints", &labels);
  ob_dim_t features, rows = ob_ml_rows(infer, &features);
  ob_shape_t classes = ob_shape_of(1, &rows);
  int64_t size;
  ob_ml_check_transform(infer);
  if (scores == 0) scores = labels == 2 && ob_dim_is_const(features, &size) && size == (int64_t)coefficients ? 1 : labels;
  if (scores > 1 && scores != labels)
    ob_infer_fail(infer, "attribute 'intercepts' has %zu elements, expected %zu as there are labels", scores, labels);
  if (ob_dim_is_const(features, &size) && scores > 0 && coefficients != (size_t)size * scores)
    ob_infer_fail(infer, "attribute 'coefficients' has %zu elements, expected %zu rows of %lld", coefficients, scores, (long long)size);
  OB_TRY(ob_infer_set(infer, 0, dtype, &classes));
  return ob_ml_set_rows(infer, 1, OB_UNDEFINED, rows, ob_dim(infer, scores == 1 && labels == 2 ? 2 : (int64_t)scores));
}

const ob_op_t ob_op_ml_LinearClassifier = {
    .name = "LinearClassifier",
    .domain = "ai.onnx.ml",
    .since = 1,
    OB_INPUTS(1, OB_PARAM("X", '1', OB_TYPES_FEATURES)),
    OB_OUTPUTS(2, OB_PARAM("Y", '2', OB_TYPES_LABELS), OB_PARAM("Z", 0, OB_TYPES_FLOAT32)),
    OB_ATTRIBUTES(OB_MAYBE("classlabels_ints", INTS), OB_MAYBE("classlabels_strings", STRINGS), OB_MUST("coefficients", FLOATS),
                  OB_MAYBE("intercepts", FLOATS), OB_INT("multi_class", 0), OB_TEXT("post_transform", "NONE")),
    .infer = infer,
    .doc = "a linear model of classes",
};
