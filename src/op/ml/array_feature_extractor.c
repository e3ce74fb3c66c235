/* ArrayFeatureExtractor: picks elements of the last axis. */
#include "op/ml/ml.h"

static ob_status_t infer(ob_infer_t *infer) {
  ob_shape_t data = ob_infer_shape(infer, 0), indices = ob_infer_shape(infer, 1), shape = data;
  if (data.rank == 0) return ob_infer_fail(infer, "input 0 ('X') has rank 0, expected 1 at least");
  if (data.rank == 1) { /* one row, as a matrix */
    shape = ob_shape_of_rank(2);
    shape.dims[0] = ob_dim(infer, 1);
  }
  if (data.rank > 0) shape.dims[shape.rank - 1] = indices.rank < 0 ? NULL : ob_shape_count(infer, &indices, 0, indices.rank);
  return ob_infer_set(infer, 0, OB_UNDEFINED, &shape);
}

const ob_op_t ob_op_ml_ArrayFeatureExtractor = {
    .name = "ArrayFeatureExtractor",
    .domain = "ai.onnx.ml",
    .since = 1,
    OB_INPUTS(2, OB_PARAM("X", 'T', OB_TYPES_FEATURES | OB_TYPES_STRING), OB_PARAM("Y", 0, OB_TYPES_INT64)),
    OB_OUTPUTS(1, OB_PARAM("Z", 'T', OB_TYPES_FEATURES | OB_TYPES_STRING)),
    .infer = infer,
    .doc = "picks elements of the last axis",
};
