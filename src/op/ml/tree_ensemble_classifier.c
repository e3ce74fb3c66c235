/* TreeEnsembleClassifier: decision trees that vote for classes. */
#include "op/ml/ml.h"

static ob_status_t infer(ob_infer_t *infer) {
  static const char *const nodes[] = {"nodes_nodeids", "nodes_treeids", "nodes_featureids", "nodes_modes", "nodes_truenodeids", "nodes_falsenodeids",
                                      "nodes_values", NULL};
  static const char *const votes[] = {"class_ids", "class_nodeids", "class_treeids", "class_weights", NULL};
  size_t labels;
  ob_dtype_t dtype = ob_ml_labels(infer, "classlabels_strings", "classlabels_int64s", &labels);
  ob_dim_t features, rows = ob_ml_rows(infer, &features);
  ob_shape_t classes = ob_shape_of(1, &rows);
  ob_ml_check_transform(infer);
  ob_ml_check_parallel(infer, nodes);
  ob_ml_check_parallel(infer, votes);
  OB_TRY(ob_infer_set(infer, 0, dtype, &classes));
  return ob_ml_set_rows(infer, 1, OB_UNDEFINED, rows, ob_dim(infer, (int64_t)labels));
}

const ob_op_t ob_op_ml_TreeEnsembleClassifier = {
    .name = "TreeEnsembleClassifier",
    .domain = "ai.onnx.ml",
    .since = 3,
    OB_INPUTS(1, OB_PARAM("X", '1', OB_TYPES_FEATURES)),
    OB_OUTPUTS(2, OB_PARAM("Y", '2', OB_TYPES_LABELS), OB_PARAM("Z", 0, OB_TYPES_FLOAT32)),
    OB_ATTRIBUTES(OB_MAYBE("base_values", FLOATS), OB_MAYBE("base_values_as_tensor", TENSOR), OB_MAYBE("class_ids", INTS),
                  OB_MAYBE("class_nodeids", INTS), OB_MAYBE("class_treeids", INTS), OB_MAYBE("class_weights", FLOATS),
                  OB_MAYBE("class_weights_as_tensor", TENSOR), OB_MAYBE("classlabels_int64s", INTS),
                  OB_MAYBE("classlabels_strings", STRINGS), OB_MAYBE("nodes_falsenodeids", INTS), OB_MAYBE("nodes_featureids", INTS),
                  OB_MAYBE("nodes_hitrates", FLOATS), OB_MAYBE("nodes_hitrates_as_tensor", TENSOR),
                  OB_MAYBE("nodes_missing_value_tracks_true", INTS), OB_MAYBE("nodes_modes", STRINGS), OB_MAYBE("nodes_nodeids", INTS),
                  OB_MAYBE("nodes_treeids", INTS), OB_MAYBE("nodes_truenodeids", INTS), OB_MAYBE("nodes_values", FLOATS),
                  OB_MAYBE("nodes_values_as_tensor", TENSOR), OB_TEXT("post_transform", "NONE")),
    .infer = infer,
    .doc = "decision trees that vote for classes",
};
