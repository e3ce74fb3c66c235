/* Imputer: one value replaced by others. */
#include "op/ml/ml.h"

static ob_status_t infer(ob_infer_t *infer) {
  bool real = ob_infer_dtype(infer, 0) == OB_FLOAT32 || ob_infer_dtype(infer, 0) == OB_FLOAT64;
  const char *name = real ? "imputed_value_floats" : "imputed_value_int64s";
  ob_shape_t shape = ob_infer_shape(infer, 0);
  int64_t count = (int64_t)ob_ml_count(infer, name), last;
  if (shape.rank == 0) return ob_infer_fail(infer, "input 0 ('X') has rank 0, expected 1 at least");
  if (count == 0) return ob_infer_fail(infer, "attribute '%s' is missing or empty: the input is %s", name, ob_dtype_name(ob_infer_dtype(infer, 0)));
  if (shape.rank > 0 && count != 1 && ob_dim_is_const(shape.dims[shape.rank - 1], &last) && last != count)
    ob_infer_fail(infer, "attribute '%s' has %lld elements, expected 1 or %lld", name, (long long)count, (long long)last);
  return ob_infer_same(infer);
}

const ob_op_t ob_op_ml_Imputer = {
    .name = "Imputer",
    .domain = "ai.onnx.ml",
    .since = 1,
    OB_INPUTS(1, OB_PARAM("X", 'T', OB_TYPES_FEATURES)),
    OB_OUTPUTS(1, OB_PARAM("Y", 'T', OB_TYPES_FEATURES)),
    OB_ATTRIBUTES(OB_MAYBE("imputed_value_floats", FLOATS), OB_MAYBE("imputed_value_int64s", INTS),
                  OB_FLOAT("replaced_value_float", 0.0f), OB_INT("replaced_value_int64", 0)),
    .infer = infer,
    .doc = "one value replaced by others",
};
