/* TreeEnsemble: decision trees, inner nodes and leaves apart. */
#include "op/ml/ml.h"

#define OB_TYPES_TREE (OB_TYPES_FLOAT32 | OB_DTYPE_BIT(OB_FLOAT64) | OB_DTYPE_BIT(OB_FLOAT16))

static ob_status_t infer(ob_infer_t *infer) {
  static const char *const nodes[] = {"nodes_featureids", "nodes_truenodeids", "nodes_falsenodeids", "nodes_trueleafs", "nodes_falseleafs",
                                      "nodes_missing_value_tracks_true", NULL};
  int64_t targets = ob_infer_int_within(infer, "n_targets", 1, 1, INT32_MAX);
  ob_dim_t features, rows = ob_ml_rows(infer, &features);
  ob_infer_int_within(infer, "aggregate_function", 1, 0, 3);
  ob_infer_int_within(infer, "post_transform", 0, 0, 4);
  ob_ml_check_parallel(infer, nodes);
  return ob_ml_set_rows(infer, 0, OB_UNDEFINED, rows, ob_dim(infer, targets));
}

const ob_op_t ob_op_ml_TreeEnsemble = {
    .name = "TreeEnsemble",
    .domain = "ai.onnx.ml",
    .since = 5,
    OB_INPUTS(1, OB_PARAM("X", 'T', OB_TYPES_TREE)),
    OB_OUTPUTS(1, OB_PARAM("Y", 'T', OB_TYPES_TREE)),
    OB_ATTRIBUTES(OB_INT("aggregate_function", 1), OB_MUST("leaf_targetids", INTS), OB_MUST("leaf_weights", TENSOR),
                  OB_MAYBE("membership_values", TENSOR), OB_MAYBE("n_targets", INT), OB_MUST("nodes_falseleafs", INTS),
                  OB_MUST("nodes_falsenodeids", INTS), OB_MUST("nodes_featureids", INTS), OB_MAYBE("nodes_hitrates", TENSOR),
                  OB_MAYBE("nodes_missing_value_tracks_true", INTS), OB_MUST("nodes_modes", TENSOR), OB_MUST("nodes_splits", TENSOR),
                  OB_MUST("nodes_trueleafs", INTS), OB_MUST("nodes_truenodeids", INTS), OB_INT("post_transform", 0),
                  OB_MUST("tree_roots", INTS)),
    .infer = infer,
    .doc = "decision trees, inner nodes and leaves apart",
};
