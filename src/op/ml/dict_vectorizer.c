/* DictVectorizer: a map as a row, by a vocabulary. */
#include "op/ml/ml.h"

static ob_status_t infer(ob_infer_t *infer) {
  size_t count;
  ob_dtype_t key = ob_ml_labels(infer, "string_vocabulary", "int64_vocabulary", &count);
  const ob_type_t *type = &ob_infer_input(infer, 0)->type;
  if (type->kind != OB_MAP || !type->element) return ob_infer_fail(infer, "input 0 ('X') is no map");
  if (key != type->dtype)
    ob_infer_fail(infer, "the vocabulary is of %s, expected %s as the keys of the map", ob_dtype_name(key), ob_dtype_name(type->dtype));
  return ob_ml_set_rows(infer, 0, type->element->dtype, ob_dim(infer, 1), ob_dim(infer, (int64_t)count));
}

const ob_op_t ob_op_ml_DictVectorizer = {
    .name = "DictVectorizer",
    .domain = "ai.onnx.ml",
    .since = 1,
    OB_INPUTS(1, OB_PARAM("X", 0, 0)),
    OB_OUTPUTS(1, OB_PARAM("Y", '2', OB_TYPES_LABELS | OB_TYPES_FLOAT32 | OB_DTYPE_BIT(OB_FLOAT64))),
    OB_ATTRIBUTES(OB_MAYBE("int64_vocabulary", INTS), OB_MAYBE("string_vocabulary", STRINGS)),
    .infer = infer,
    .doc = "a map as a row, by a vocabulary",
};
