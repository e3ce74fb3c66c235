/* SVMRegressor: a sum over support vectors; for one class, which side of it. */
#include "ref/ml/svm.h"

static ob_status_t run(const ob_kernel_call_t *call) {
  const ob_tensor_t *x = call->inputs[0];
  ob_tensor_t *y = call->outputs[0];
  size_t rows = ob_ref_rows(x).rows;
  ob_ref_svm_t svm;
  OB_TRY(ob_ref_svm_begin(call, (size_t)ob_kernel_int(call, "n_supports", 0), &svm));
  size_t expected = svm.vector_count > 0 ? svm.vector_count : svm.features;
  if (svm.coefficients.count != expected)
    return ob_fail(OB_INVALID_ARGUMENT, "attribute 'coefficients' has %zu elements, expected %zu", svm.coefficients.count, expected);
  for (size_t row = 0; row < rows; row++) {
    double sum = ob_ref_list_get(&svm.rho, 0);
    if (svm.vector_count == 0) sum += ob_ref_svm_kernel(&svm, x, row, &svm.coefficients, 0);
    for (size_t v = 0; v < svm.vector_count; v++) sum += ob_ref_list_get(&svm.coefficients, v) * ob_ref_svm_kernel(&svm, x, row, &svm.vectors, v);
    if (ob_kernel_int(call, "one_class", 0) != 0)
      sum = sum > 0 ? 1 : -1;
    else
      ob_ref_transform(ob_kernel_string(call, "post_transform", "NONE"), &sum, 1);
    ob_ref_set(y->dtype, y->data, row, sum);
  }
  return OB_OK;
}

const ob_kernel_t ob_ref_ml_SVMRegressor = {.op = "SVMRegressor", .domain = "ai.onnx.ml", .run = run};
