/* CategoryMapper: strings to integers or back. */
#include "op/ml/ml.h"

static ob_status_t infer(ob_infer_t *infer) {
  static const char *const lists[] = {"cats_int64s", "cats_strings", NULL};
  ob_shape_t shape = ob_infer_shape(infer, 0);
  ob_ml_check_parallel(infer, lists);
  if (ob_ml_count(infer, lists[0]) == 0 || ob_ml_count(infer, lists[1]) == 0)
    ob_infer_fail(infer, "attribute '%s' is missing or empty", ob_ml_count(infer, lists[0]) == 0 ? lists[0] : lists[1]);
  return ob_infer_set(infer, 0, ob_infer_dtype(infer, 0) == OB_STRING ? OB_INT64 : OB_STRING, &shape);
}

const ob_op_t ob_op_ml_CategoryMapper = {
    .name = "CategoryMapper",
    .domain = "ai.onnx.ml",
    .since = 1,
    OB_INPUTS(1, OB_PARAM("X", '1', OB_TYPES_LABELS)),
    OB_OUTPUTS(1, OB_PARAM("Y", '2', OB_TYPES_LABELS)),
    OB_ATTRIBUTES(OB_MAYBE("cats_int64s", INTS), OB_MAYBE("cats_strings", STRINGS), OB_INT("default_int64", -1), OB_TEXT("default_string", "_Unused")),
    .infer = infer,
    .doc = "strings to integers or back",
};
