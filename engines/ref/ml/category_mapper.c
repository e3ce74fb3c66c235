/* CategoryMapper: strings to integers or back. */
#include "ref/ml/ml.h"

static void to_integer(const ob_kernel_call_t *call, const ob_attribute_view_t *texts, const ob_attribute_view_t *numbers, size_t i) {
  const ob_string_t *x = (const ob_string_t *)call->inputs[0]->data + i;
  int64_t *y = (int64_t *)call->outputs[0]->data + i;
  *y = ob_kernel_int(call, "default_int64", -1);
  for (size_t k = 0; k < texts->count; k++)
    if (ob_ref_same_string(x, &texts->strings[k])) *y = numbers->ints[k];
}

static void to_string(const ob_kernel_call_t *call, const ob_attribute_view_t *texts, const ob_attribute_view_t *numbers, size_t i) {
  int64_t x = ((const int64_t *)call->inputs[0]->data)[i];
  ob_string_t *y = (ob_string_t *)call->outputs[0]->data + i;
  *y = ob_node_attribute(call->node, "default_string")->strings[0];
  for (size_t k = 0; k < numbers->count; k++)
    if (numbers->ints[k] == x) *y = texts->strings[k];
}

static ob_status_t run(const ob_kernel_call_t *call) {
  const ob_attribute_view_t *texts = ob_node_attribute(call->node, "cats_strings");
  const ob_attribute_view_t *numbers = ob_node_attribute(call->node, "cats_int64s");
  size_t count = ob_tensor_count(call->inputs[0]);
  bool forth = call->inputs[0]->dtype == OB_STRING;
  for (size_t i = 0; i < count; i++) (forth ? to_integer : to_string)(call, texts, numbers, i);
  return OB_OK;
}

const ob_kernel_t ob_ref_ml_CategoryMapper = {.op = "CategoryMapper", .domain = "ai.onnx.ml", .run = run};
