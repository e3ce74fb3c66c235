/* InstanceNormalization: each channel of each image (x - mean) / sqrt(variance + epsilon) * scale + B. */
#include "ref/support/normalize.h"

static ob_status_t run(const ob_kernel_call_t *call) {
  const ob_tensor_t *x = call->inputs[0], *scale = call->inputs[1], *bias = call->inputs[2];
  ob_tensor_t *y = call->outputs[0];
  double epsilon = (double)ob_kernel_float(call, "epsilon", 1e-5f), mean, inverse;
  if (x->rank < 2 || ob_tensor_count(scale) != (size_t)x->dims[1] || ob_tensor_count(bias) != (size_t)x->dims[1])
    return ob_fail(OB_INVALID_ARGUMENT, "scale and B do not fit the channels");
  size_t channels = (size_t)x->dims[1], size = ob_ref_product(x->dims, 2, x->rank);
  for (size_t c = 0; c < (size_t)x->dims[0] * channels; c++) {
    double factor = ob_ref_get(scale->dtype, scale->data, c % channels), offset = ob_ref_get(bias->dtype, bias->data, c % channels);
    ob_ref_moments(x, c * size, size, epsilon, &mean, &inverse);
    for (size_t i = c * size; i < (c + 1) * size; i++)
      ob_ref_set(y->dtype, y->data, i, (ob_ref_get(x->dtype, x->data, i) - mean) * inverse * factor + offset);
  }
  return OB_OK;
}

const ob_kernel_t ob_ref_InstanceNormalization = {.op = "InstanceNormalization", .domain = "", .run = run};
