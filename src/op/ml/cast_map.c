/* CastMap: a map of integers as a tensor. */
#include <string.h>

#include "op/ml/ml.h"

static ob_status_t infer(ob_infer_t *infer) {
  static const char *const kinds[] = {"TO_FLOAT", "TO_STRING", "TO_INT64", NULL}, *const forms[] = {"DENSE", "SPARSE", NULL};
  static const ob_dtype_t dtypes[] = {OB_FLOAT32, OB_STRING, OB_INT64};
  const char *kind = ob_infer_word(infer, "cast_to", "TO_FLOAT", kinds), *form = ob_infer_word(infer, "map_form", "DENSE", forms);
  int64_t length = ob_infer_int_within(infer, "max_map", 1, 0, INT32_MAX);
  const ob_type_t *type = &ob_infer_input(infer, 0)->type;
  size_t k = 0;
  if (infer->status != OB_OK) return infer->status;
  if (type->kind != OB_MAP || type->dtype != OB_INT64) return ob_infer_fail(infer, "input 0 ('X') is no map with int64 keys");
  while (kinds[k] && strcmp(kind, kinds[k]) != 0) k++;
  return ob_ml_set_rows(infer, 0, dtypes[k], ob_dim(infer, 1), strcmp(form, "SPARSE") == 0 ? ob_dim(infer, length) : NULL);
}

const ob_op_t ob_op_ml_CastMap = {
    .name = "CastMap",
    .domain = "ai.onnx.ml",
    .since = 1,
    .flags = OB_OP_DATA_SHAPE,
    OB_INPUTS(1, OB_PARAM("X", 0, 0)),
    OB_OUTPUTS(1, OB_PARAM("Y", '2', OB_TYPES_LABELS | OB_TYPES_FLOAT32)),
    OB_ATTRIBUTES(OB_TEXT("cast_to", "TO_FLOAT"), OB_TEXT("map_form", "DENSE"), OB_INT("max_map", 1)),
    .infer = infer,
    .doc = "a map of integers as a tensor",
};
