/* FeatureVectorizer: rows of several inputs side by side, each cut or filled with zeros. */
#include "ref/ml/ml.h"

static ob_status_t run(const ob_kernel_call_t *call) {
  ob_tensor_t *y = call->outputs[0];
  size_t count, rows = (size_t)y->dims[0], columns = (size_t)y->dims[1], column = 0;
  const int64_t *sizes = ob_kernel_ints(call, "inputdimensions", &count);
  ob_ref_zero(y->dtype, y->data, 0, rows * columns);
  for (size_t i = 0; i < count; i++) {
    const ob_tensor_t *x = call->inputs[i];
    ob_ref_rows_t in = ob_ref_rows(x);
    size_t taken = in.features < (size_t)sizes[i] ? in.features : (size_t)sizes[i];
    for (size_t row = 0; row < rows; row++)
      for (size_t k = 0; k < taken; k++)
        ob_ref_set(y->dtype, y->data, row * columns + column + k, ob_ref_get(x->dtype, x->data, row * in.features + k));
    column += (size_t)sizes[i];
  }
  return OB_OK;
}

const ob_kernel_t ob_ref_ml_FeatureVectorizer = {.op = "FeatureVectorizer", .domain = "ai.onnx.ml", .run = run};
