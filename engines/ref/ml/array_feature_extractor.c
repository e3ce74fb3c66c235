/* ArrayFeatureExtractor: picks elements of the last axis. */
#include "ref/support/index.h"

static ob_status_t run(const ob_kernel_call_t *call) {
  const ob_tensor_t *x = call->inputs[0], *indices = call->inputs[1];
  ob_tensor_t *z = call->outputs[0];
  size_t count = ob_tensor_count(indices), length = (size_t)x->dims[x->rank - 1];
  size_t rows = ob_ref_product(x->dims, 0, x->rank - 1);
  for (size_t i = 0; i < count; i++) {
    int64_t index;
    OB_TRY(ob_ref_index(indices, i, x->rank - 1, (int64_t)length, &index));
    for (size_t row = 0; row < rows; row++) ob_ref_copy(x->dtype, z->data, row * count + i, x->data, row * length + (size_t)index, 1);
  }
  return OB_OK;
}

const ob_kernel_t ob_ref_ml_ArrayFeatureExtractor = {.op = "ArrayFeatureExtractor", .domain = "ai.onnx.ml", .run = run};
