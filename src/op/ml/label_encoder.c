/* LabelEncoder: values looked up in a list of keys. */
#include "op/ml/ml.h"

#define OB_TYPES_LABELED (OB_TYPES_FEATURES | OB_TYPES_STRING | OB_DTYPE_BIT(OB_INT16))

/* The one list of the family that is stated: its element type. */
static ob_dtype_t find_list(ob_infer_t *infer, const char *const names[4], size_t *count) {
  static const ob_dtype_t dtypes[] = {OB_STRING, OB_INT64, OB_FLOAT32};
  ob_dtype_t found = OB_UNDEFINED;
  *count = 0;
  for (size_t i = 0; i < 4; i++) {
    const ob_attribute_t *stated = ob_node_stated(infer->node, names[i]);
    if (!stated || stated->count == 0) continue;
    if (found != OB_UNDEFINED) ob_infer_fail(infer, "attribute '%s' is stated beside another list", names[i]);
    if (i == 3 && stated->tensor->rank != 1) ob_infer_fail(infer, "attribute '%s' has rank %d, expected 1", names[i], stated->tensor->rank);
    found = i < 3 ? dtypes[i] : stated->tensor->dtype;
    *count = i < 3 ? stated->count : stated->tensor->rank == 1 ? (size_t)stated->tensor->dims[0] : 0;
  }
  if (found == OB_UNDEFINED) ob_infer_fail(infer, "none of the attributes '%s', '%s', '%s' and '%s' is stated", names[0], names[1], names[2], names[3]);
  return found;
}

static ob_status_t infer(ob_infer_t *infer) {
  static const char *const keys[] = {"keys_strings", "keys_int64s", "keys_floats", "keys_tensor"};
  static const char *const values[] = {"values_strings", "values_int64s", "values_floats", "values_tensor"};
  size_t key_count, value_count;
  ob_shape_t shape = ob_infer_shape(infer, 0);
  ob_dtype_t key = find_list(infer, keys, &key_count), value = find_list(infer, values, &value_count);
  const ob_attribute_t *missing = ob_node_stated(infer->node, "default_tensor");
  if (infer->status != OB_OK) return infer->status;
  if (key != ob_infer_dtype(infer, 0))
    ob_infer_fail(infer, "the keys are %s, expected %s as the input", ob_dtype_name(key), ob_dtype_name(ob_infer_dtype(infer, 0)));
  if (key_count != value_count) ob_infer_fail(infer, "there are %zu keys and %zu values, expected equal numbers", key_count, value_count);
  if (missing && (missing->tensor->dtype != value || missing->tensor->rank > 1 || (missing->tensor->rank == 1 && missing->tensor->dims[0] != 1)))
    ob_infer_fail(infer, "attribute 'default_tensor' is not one %s", ob_dtype_name(value));
  return ob_infer_set(infer, 0, value, &shape);
}

const ob_op_t ob_op_ml_LabelEncoder = {
    .name = "LabelEncoder",
    .domain = "ai.onnx.ml",
    .since = 4,
    OB_INPUTS(1, OB_PARAM("X", '1', OB_TYPES_LABELED)),
    OB_OUTPUTS(1, OB_PARAM("Y", '2', OB_TYPES_LABELED)),
    OB_ATTRIBUTES(OB_FLOAT("default_float", -0.0f), OB_INT("default_int64", -1), OB_TEXT("default_string", "_Unused"),
                  OB_MAYBE("default_tensor", TENSOR), OB_MAYBE("keys_floats", FLOATS), OB_MAYBE("keys_int64s", INTS),
                  OB_MAYBE("keys_strings", STRINGS), OB_MAYBE("keys_tensor", TENSOR), OB_MAYBE("values_floats", FLOATS),
                  OB_MAYBE("values_int64s", INTS), OB_MAYBE("values_strings", STRINGS), OB_MAYBE("values_tensor", TENSOR)),
    .infer = infer,
    .doc = "values looked up in a list of keys",
};
