/* Scaler: (x - offset) * scale. */
#include "op/ml/ml.h"

static void check_list(ob_infer_t *infer, const char *name, ob_dim_t features) {
  int64_t count = (int64_t)ob_ml_count(infer, name), size;
  if (count > 1 && ob_dim_is_const(features, &size) && size != count)
    ob_infer_fail(infer, "attribute '%s' has %lld elements, expected 1 or %lld", name, (long long)count, (long long)size);
}

static ob_status_t infer(ob_infer_t *infer) {
  ob_shape_t shape = ob_infer_shape(infer, 0);
  if (shape.rank == 0) return ob_infer_fail(infer, "input 0 ('X') has rank 0, expected 1 at least");
  check_list(infer, "offset", shape.rank > 0 ? shape.dims[shape.rank - 1] : NULL);
  check_list(infer, "scale", shape.rank > 0 ? shape.dims[shape.rank - 1] : NULL);
  return ob_infer_same(infer);
}

const ob_op_t ob_op_ml_Scaler = {
    .name = "Scaler",
    .domain = "ai.onnx.ml",
    .since = 1,
    OB_INPUTS(1, OB_PARAM("X", 'T', OB_TYPES_FEATURES)),
    OB_OUTPUTS(1, OB_PARAM("Y", 0, OB_TYPES_FLOAT32)),
    OB_ATTRIBUTES(OB_MAYBE("offset", FLOATS), OB_MAYBE("scale", FLOATS)),
    .infer = infer,
    .doc = "(x - offset) * scale",
};
