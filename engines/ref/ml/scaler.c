/* Scaler: (x - offset) * scale. */
#include "ref/ml/ml.h"

static double element(const ob_ref_list_t *list, size_t i, double none) {
  if (list->count == 0) return none;
  return ob_ref_list_get(list, list->count == 1 ? 0 : i % list->count);
}

static ob_status_t run(const ob_kernel_call_t *call) {
  const ob_tensor_t *x = call->inputs[0];
  ob_tensor_t *y = call->outputs[0];
  const ob_ref_list_t offset = ob_ref_list(call->node, "offset", NULL), scale = ob_ref_list(call->node, "scale", NULL);
  size_t count = ob_tensor_count(x), length = (size_t)x->dims[x->rank - 1];
  if ((offset.count > 1 && offset.count != length) || (scale.count > 1 && scale.count != length))
    return ob_fail(OB_INVALID_ARGUMENT, "attributes 'offset' and 'scale' have %zu and %zu elements, expected 1 or %zu", offset.count, scale.count, length);
  for (size_t i = 0; i < count; i++)
    ob_ref_set(y->dtype, y->data, i, (ob_ref_get(x->dtype, x->data, i) - element(&offset, i, 0)) * element(&scale, i, 1));
  return OB_OK;
}

const ob_kernel_t ob_ref_ml_Scaler = {.op = "Scaler", .domain = "ai.onnx.ml", .run = run};
