/* LabelEncoder: values looked up in a list of keys; of equal keys the last counts. */
#include <math.h>

#include "ref/ml/ml.h"

typedef struct table {
  const ob_attribute_view_t *keys, *values;
  size_t count;
} table_t;

static const ob_attribute_view_t *find(const ob_node_view_t *node, const char *const names[4]) {
  for (size_t i = 0; i < 4; i++) {
    const ob_attribute_view_t *view = ob_node_attribute(node, names[i]);
    if (view && view->count > 0) return view;
  }
  return NULL;
}

static bool is_key(const ob_tensor_t *x, size_t at, const ob_attribute_view_t *keys, size_t k) {
  if (x->dtype == OB_STRING)
    return ob_ref_same_string((const ob_string_t *)x->data + at,
                              keys->tensor ? (const ob_string_t *)keys->tensor->data + k : &keys->strings[k]);
  const ob_ref_list_t list = {keys, 0};
  if (!ob_ref_is_real(x->dtype)) return ob_ref_get_int(x->dtype, x->data, at) == ob_ref_list_int(&list, k);
  double value = ob_ref_get(x->dtype, x->data, at), key = ob_ref_list_get(&list, k);
  return value == key || (isnan(value) && isnan(key));
}

/* Value `k` of the list as the output's element. */
static void put(const ob_attribute_view_t *values, size_t k, ob_tensor_t *y, size_t at) {
  const ob_ref_list_t list = {values, 0};
  if (values->tensor)
    ob_ref_copy(y->dtype, y->data, at, values->tensor->data, k, 1);
  else if (values->strings)
    ((ob_string_t *)y->data)[at] = values->strings[k];
  else if (values->ints)
    ob_ref_set_int(y->dtype, y->data, at, values->ints[k]);
  else
    ob_ref_set(y->dtype, y->data, at, ob_ref_list_get(&list, k));
}

/* What stands for a value that is no key. */
static void put_default(const ob_kernel_call_t *call, const ob_attribute_view_t *values, size_t at) {
  ob_tensor_t *y = call->outputs[0];
  const ob_attribute_view_t *tensor = ob_node_attribute(call->node, "default_tensor");
  if (tensor && values->tensor)
    put(tensor, 0, y, at);
  else if (y->dtype == OB_STRING)
    ((ob_string_t *)y->data)[at] = ob_node_attribute(call->node, "default_string")->strings[0];
  else if (ob_ref_is_real(y->dtype))
    ob_ref_set(y->dtype, y->data, at, values->tensor ? -0.0 : (double)ob_kernel_float(call, "default_float", -0.0f));
  else
    ob_ref_set_int(y->dtype, y->data, at, values->tensor ? -1 : ob_kernel_int(call, "default_int64", -1));
}

static ob_status_t run(const ob_kernel_call_t *call) {
  static const char *const key_names[] = {"keys_strings", "keys_int64s", "keys_floats", "keys_tensor"};
  static const char *const value_names[] = {"values_strings", "values_int64s", "values_floats", "values_tensor"};
  const ob_tensor_t *x = call->inputs[0];
  const table_t table = {find(call->node, key_names), find(call->node, value_names),
                         ob_ref_list(call->node, find(call->node, key_names)->name, NULL).count};
  size_t count = ob_tensor_count(x);
  for (size_t i = 0; i < count; i++) {
    size_t k = table.count;
    while (k > 0 && !is_key(x, i, table.keys, k - 1)) k--;
    if (k > 0)
      put(table.values, k - 1, call->outputs[0], i);
    else
      put_default(call, table.values, i);
  }
  return OB_OK;
}

const ob_kernel_t ob_ref_ml_LabelEncoder = {.op = "LabelEncoder", .domain = "ai.onnx.ml", .run = run};
