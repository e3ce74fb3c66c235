/* TreeEnsembleRegressor: decision trees whose leaves are added up. */
#include "op/ml/ml.h"

static ob_status_t infer(ob_infer_t *infer) {
  static const char *const nodes[] = {"nodes_nodeids", "nodes_treeids", "nodes_featureids", "nodes_modes", "nodes_truenodeids", "nodes_falsenodeids",
                                      "nodes_values", NULL};
  static const char *const votes[] = {"target_ids", "target_nodeids", "target_treeids", "target_weights", NULL};
  static const char *const functions[] = {"SUM", "AVERAGE", "MIN", "MAX", NULL};
  int64_t targets = ob_infer_int_within(infer, "n_targets", 1, 1, INT32_MAX);
  ob_dim_t features, rows = ob_ml_rows(infer, &features);
  ob_infer_word(infer, "aggregate_function", "SUM", functions);
  ob_ml_check_transform(infer);
  ob_ml_check_parallel(infer, nodes);
  ob_ml_check_parallel(infer, votes);
  return ob_ml_set_rows(infer, 0, OB_UNDEFINED, rows, ob_dim(infer, targets));
}

const ob_op_t ob_op_ml_TreeEnsembleRegressor = {
    .name = "TreeEnsembleRegressor",
    .domain = "ai.onnx.ml",
    .since = 3,
    OB_INPUTS(1, OB_PARAM("X", 'T', OB_TYPES_FEATURES)),
    OB_OUTPUTS(1, OB_PARAM("Y", 0, OB_TYPES_FLOAT32)),
    OB_ATTRIBUTES(OB_TEXT("aggregate_function", "SUM"), OB_MAYBE("base_values", FLOATS), OB_MAYBE("base_values_as_tensor", TENSOR),
                  OB_MAYBE("n_targets", INT), OB_MAYBE("nodes_falsenodeids", INTS), OB_MAYBE("nodes_featureids", INTS),
                  OB_MAYBE("nodes_hitrates", FLOATS), OB_MAYBE("nodes_hitrates_as_tensor", TENSOR),
                  OB_MAYBE("nodes_missing_value_tracks_true", INTS), OB_MAYBE("nodes_modes", STRINGS), OB_MAYBE("nodes_nodeids", INTS),
                  OB_MAYBE("nodes_treeids", INTS), OB_MAYBE("nodes_truenodeids", INTS), OB_MAYBE("nodes_values", FLOATS),
                  OB_MAYBE("nodes_values_as_tensor", TENSOR), OB_TEXT("post_transform", "NONE"),
                  OB_MAYBE("target_ids", INTS), OB_MAYBE("target_nodeids", INTS), OB_MAYBE("target_treeids", INTS),
                  OB_MAYBE("target_weights", FLOATS), OB_MAYBE("target_weights_as_tensor", TENSOR)),
    .infer = infer,
    .doc = "decision trees whose leaves are added up",
};
