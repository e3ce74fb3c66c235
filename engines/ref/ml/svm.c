/* Shared by the operators of support vectors: see svm.h. */
#include "ref/ml/svm.h"

#include <math.h>

ob_status_t ob_ref_svm_begin(const ob_kernel_call_t *call, size_t vectors, ob_ref_svm_t *svm) {
  const ob_ref_list_t parameters = ob_ref_list(call->node, "kernel_params", NULL);
  *svm = (ob_ref_svm_t){.coefficients = ob_ref_list(call->node, "coefficients", NULL),
                        .rho = ob_ref_list(call->node, "rho", NULL),
                        .vectors = ob_ref_list(call->node, "support_vectors", NULL),
                        .features = ob_ref_rows(call->inputs[0]).features,
                        .vector_count = vectors};
  svm->kernel = vectors > 0 ? ob_kernel_string(call, "kernel_type", "LINEAR")[0] : 'L';
  if (parameters.count > 0) svm->gamma = ob_ref_list_get(&parameters, 0);
  if (parameters.count > 1) svm->coef0 = ob_ref_list_get(&parameters, 1);
  if (parameters.count > 2) svm->degree = ob_ref_list_get(&parameters, 2);
  if (vectors > 0 && svm->vectors.count != vectors * svm->features)
    return ob_fail(OB_INVALID_ARGUMENT, "attribute 'support_vectors' has %zu elements, expected %zu rows of %zu", svm->vectors.count, vectors,
                   svm->features);
  if (svm->rho.count == 0) return ob_fail(OB_INVALID_ARGUMENT, "attribute 'rho' is missing or empty");
  return OB_OK;
}

double ob_ref_svm_kernel(const ob_ref_svm_t *svm, const ob_tensor_t *x, size_t row, const ob_ref_list_t *list, size_t index) {
  double product = 0, distance = 0;
  for (size_t i = 0; i < svm->features; i++) {
    double a = ob_ref_get(x->dtype, x->data, row * svm->features + i), b = ob_ref_list_get(list, index * svm->features + i);
    product += a * b;
    distance += (a - b) * (a - b);
  }
  switch (svm->kernel) {
    case 'P': return pow(svm->gamma * product + svm->coef0, svm->degree);
    case 'R': return exp(-svm->gamma * distance);
    case 'S': return tanh(svm->gamma * product + svm->coef0);
    default: return product;
  }
}
