/* OneHotEncoder: a row of zeros and a one for each category. */
#include "op/ml/ml.h"

static ob_status_t infer(ob_infer_t *infer) {
  size_t count;
  ob_shape_t shape = ob_infer_shape(infer, 0);
  ob_dtype_t dtype = ob_ml_labels(infer, "cats_strings", "cats_int64s", &count);
  if ((dtype == OB_STRING) != (ob_infer_dtype(infer, 0) == OB_STRING))
    ob_infer_fail(infer, "the categories are %s, but the input is %s", ob_dtype_name(dtype), ob_dtype_name(ob_infer_dtype(infer, 0)));
  if (shape.rank >= 0) ob_shape_append(infer, &shape, ob_dim(infer, (int64_t)count));
  return ob_infer_set(infer, 0, OB_UNDEFINED, &shape);
}

const ob_op_t ob_op_ml_OneHotEncoder = {
    .name = "OneHotEncoder",
    .domain = "ai.onnx.ml",
    .since = 1,
    OB_INPUTS(1, OB_PARAM("X", 'T', OB_TYPES_FEATURES | OB_TYPES_STRING)),
    OB_OUTPUTS(1, OB_PARAM("Y", 0, OB_TYPES_FLOAT32)),
    OB_ATTRIBUTES(OB_MAYBE("cats_int64s", INTS), OB_MAYBE("cats_strings", STRINGS), OB_INT("zeros", 1)),
    .infer = infer,
    .doc = "a row of zeros and a one for each category",
};
