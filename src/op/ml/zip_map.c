/* ZipMap: rows as maps from labels to scores. */
#include "op/ml/ml.h"

static ob_status_t infer(ob_infer_t *infer) {
  size_t labels;
  int64_t size;
  ob_dtype_t dtype = ob_ml_labels(infer, "classlabels_strings", "classlabels_int64s", &labels);
  ob_dim_t features;
  ob_ml_rows(infer, &features);
  if (ob_dim_is_const(features, &size) && size != (int64_t)labels)
    ob_infer_fail(infer, "there are %zu labels for %lld columns", labels, (long long)size);
  ob_type_t *types;
  OB_TRY(OB_ARENA_ARRAY(&infer->module->arena, 2, &types));
  types[0] = (ob_type_t){.kind = OB_TENSOR, .dtype = OB_FLOAT32, .rank = -1};
  types[1] = (ob_type_t){.kind = OB_MAP, .dtype = dtype, .rank = -1, .element = &types[0]};
  return ob_infer_set_type(infer, 0, &(ob_type_t){.kind = OB_SEQUENCE, .rank = -1, .element = &types[1]});
}

const ob_op_t ob_op_ml_ZipMap = {
    .name = "ZipMap",
    .domain = "ai.onnx.ml",
    .since = 1,
    OB_INPUTS(1, OB_PARAM("X", 0, OB_TYPES_FLOAT32)),
    OB_OUTPUTS(1, OB_PARAM("Z", 0, 0)),
    OB_ATTRIBUTES(OB_MAYBE("classlabels_int64s", INTS), OB_MAYBE("classlabels_strings", STRINGS)),
    .infer = infer,
    .doc = "rows as maps from labels to scores",
};
