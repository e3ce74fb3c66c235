/* LinearRegressor: sums of features by coefficients. */
#include "ref/ml/ml.h"

static ob_status_t run(const ob_kernel_call_t *call) {
  const ob_tensor_t *x = call->inputs[0];
  ob_tensor_t *y = call->outputs[0];
  ob_ref_rows_t in = ob_ref_rows(x);
  const ob_ref_list_t coefficients = ob_ref_list(call->node, "coefficients", NULL);
  const ob_ref_list_t intercepts = ob_ref_list(call->node, "intercepts", NULL);
  size_t targets = (size_t)y->dims[1];
  double *scores;
  if (coefficients.count != targets * in.features)
    return ob_fail(OB_INVALID_ARGUMENT, "attribute 'coefficients' has %zu elements, expected %zu rows of %zu", coefficients.count, targets, in.features);
  OB_TRY(ob_ref_doubles(call, targets, &scores));
  for (size_t row = 0; row < in.rows; row++) {
    for (size_t t = 0; t < targets; t++) {
      scores[t] = intercepts.count ? ob_ref_list_get(&intercepts, t) : 0;
      for (size_t i = 0; i < in.features; i++)
        scores[t] += ob_ref_get(x->dtype, x->data, row * in.features + i) * ob_ref_list_get(&coefficients, t * in.features + i);
    }
    ob_ref_transform(ob_kernel_string(call, "post_transform", "NONE"), scores, targets);
    ob_ref_store(y->dtype, y->data, row * targets, targets, scores);
  }
  return OB_OK;
}

const ob_kernel_t ob_ref_ml_LinearRegressor = {.op = "LinearRegressor", .domain = "ai.onnx.ml", .run = run};
