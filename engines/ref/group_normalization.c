/* GroupNormalization: each group of channels of each image is normalised, then every channel has its scale and bias. */
#include "ref/support/normalize.h"

static ob_status_t run(const ob_kernel_call_t *call) {
  const ob_tensor_t *x = call->inputs[0], *scale = call->inputs[1], *bias = call->inputs[2];
  ob_tensor_t *y = call->outputs[0];
  double epsilon = (double)ob_kernel_float(call, "epsilon", 1e-5f), mean, inverse;
  int64_t groups = ob_kernel_int(call, "num_groups", 1);
  if (x->rank < 2 || groups < 1 || x->dims[1] % groups != 0 || ob_tensor_count(scale) != (size_t)x->dims[1] ||
      ob_tensor_count(bias) != (size_t)x->dims[1])
    return ob_fail(OB_INVALID_ARGUMENT, "%lld groups, scale or bias do not fit the channels", (long long)groups);
  size_t channels = (size_t)x->dims[1], size = ob_ref_product(x->dims, 2, x->rank), count = channels / (size_t)groups * size;
  for (size_t g = 0; g < (size_t)(x->dims[0] * groups); g++) {
    ob_ref_moments(x, g * count, count, epsilon, &mean, &inverse);
    for (size_t i = g * count; i < (g + 1) * count; i++) {
      size_t c = i / size % channels;
      ob_ref_set(y->dtype, y->data, i, (ob_ref_get(x->dtype, x->data, i) - mean) * inverse * ob_ref_get(scale->dtype, scale->data, c) +
                                           ob_ref_get(bias->dtype, bias->data, c));
    }
  }
  return OB_OK;
}

const ob_kernel_t ob_ref_GroupNormalization = {.op = "GroupNormalization", .domain = "", .run = run};
