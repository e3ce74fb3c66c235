/* DictVectorizer: a map as a row, by a vocabulary. */
#include "ref/ml/ml.h"

static bool same_key(const ob_tensor_t *keys, size_t at, const ob_attribute_view_t *words, size_t word) {
  if (keys->dtype == OB_STRING) return ob_ref_same_string((const ob_string_t *)keys->data + at, &words->strings[word]);
  return ((const int64_t *)keys->data)[at] == words->ints[word];
}

static ob_status_t run(const ob_kernel_call_t *call) {
  const ob_tensor_t *keys = &call->inputs[0]->items[0], *values = &call->inputs[0]->items[1];
  const ob_attribute_view_t *words =
      ob_node_attribute(call->node, keys->dtype == OB_STRING ? "string_vocabulary" : "int64_vocabulary");
  ob_tensor_t *y = call->outputs[0];
  size_t count = ob_tensor_count(keys);
  if (ob_tensor_count(values) != count) return ob_fail(OB_INVALID_ARGUMENT, "the map has not as many values as keys");
  for (size_t word = 0; word < words->count; word++) {
    ob_ref_zero(y->dtype, y->data, word, 1);
    for (size_t i = 0; i < count; i++)
      if (same_key(keys, i, words, word)) ob_ref_copy(y->dtype, y->data, word, values->data, i, 1);
  }
  return OB_OK;
}

const ob_kernel_t ob_ref_ml_DictVectorizer = {.op = "DictVectorizer", .domain = "ai.onnx.ml", .run = run};
