/* SVMClassifier: support vectors that tell classes apart. */
#include "op/ml/ml.h"

static ob_status_t infer(ob_infer_t *infer) {
  static const char *const kernels[] = {"LINEAR", "POLY", "RBF", "SIGMOID", NULL}, *const probabilities[] = {"prob_a", "prob_b", NULL};
  size_t labels, columns;
  ob_dtype_t dtype = ob_ml_labels(infer, "classlabels_strings", "classlabels_ints", &labels);
  bool linear = ob_ml_count(infer, "vectors_per_class") == 0;
  ob_dim_t features, rows = ob_ml_rows(infer, &features);
  ob_shape_t classes = ob_shape_of(1, &rows);
  ob_ml_check_transform(infer);
  ob_ml_check_parallel(infer, probabilities);
  ob_infer_word(infer, "kernel_type", "LINEAR", kernels);
  if (!linear && ob_ml_count(infer, "vectors_per_class") != labels)
    ob_infer_fail(infer, "attribute 'vectors_per_class' has %zu elements, expected %zu as there are labels", ob_ml_count(infer, "vectors_per_class"), labels);
  columns = linear || labels <= 2 || ob_ml_count(infer, "prob_a") > 0 ? labels : labels * (labels - 1) / 2;
  if (!linear && labels < 2) ob_infer_fail(infer, "there is %zu label, expected two at least", labels);
  OB_TRY(ob_infer_set(infer, 0, dtype, &classes));
  return ob_ml_set_rows(infer, 1, OB_UNDEFINED, rows, ob_dim(infer, (int64_t)columns));
}

const ob_op_t ob_op_ml_SVMClassifier = {
    .name = "SVMClassifier",
    .domain = "ai.onnx.ml",
    .since = 1,
    OB_INPUTS(1, OB_PARAM("X", '1', OB_TYPES_FEATURES)),
    OB_OUTPUTS(2, OB_PARAM("Y", '2', OB_TYPES_LABELS), OB_PARAM("Z", 0, OB_TYPES_FLOAT32)),
    OB_ATTRIBUTES(OB_MAYBE("classlabels_ints", INTS), OB_MAYBE("classlabels_strings", STRINGS), OB_MAYBE("coefficients", FLOATS),
                  OB_MAYBE("kernel_params", FLOATS), OB_TEXT("kernel_type", "LINEAR"), OB_TEXT("post_transform", "NONE"),
                  OB_MAYBE("prob_a", FLOATS), OB_MAYBE("prob_b", FLOATS), OB_MAYBE("rho", FLOATS), OB_MAYBE("support_vectors", FLOATS),
                  OB_MAYBE("vectors_per_class", INTS)),
    .infer = infer,
    .doc = "support vectors that tell classes apart",
};
