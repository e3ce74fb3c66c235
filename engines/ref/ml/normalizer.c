/* Normalizer: rows divided by their largest element, sum of absolutes or length; where that is 0 they stay. */
#include <math.h>
#include <string.h>

#include "ref/ml/ml.h"

static double norm_of(const char *norm, const ob_tensor_t *x, size_t at, size_t count) {
  double largest = -(double)INFINITY, sum = 0, squares = 0;
  for (size_t i = 0; i < count; i++) {
    double value = ob_ref_get(x->dtype, x->data, at + i);
    largest = fmax(largest, value);
    sum += fabs(value);
    squares += value * value;
  }
  if (strcmp(norm, "MAX") == 0) return largest;
  return strcmp(norm, "L1") == 0 ? sum : sqrt(squares);
}

static ob_status_t run(const ob_kernel_call_t *call) {
  const ob_tensor_t *x = call->inputs[0];
  ob_tensor_t *y = call->outputs[0];
  ob_ref_rows_t in = ob_ref_rows(x);
  for (size_t row = 0; row < in.rows; row++) {
    double norm = norm_of(ob_kernel_string(call, "norm", "MAX"), x, row * in.features, in.features);
    for (size_t i = row * in.features; i < (row + 1) * in.features; i++)
      ob_ref_set(y->dtype, y->data, i, ob_ref_get(x->dtype, x->data, i) / (norm == 0 ? 1 : norm));
  }
  return OB_OK;
}

const ob_kernel_t ob_ref_ml_Normalizer = {.op = "Normalizer", .domain = "ai.onnx.ml", .run = run};
