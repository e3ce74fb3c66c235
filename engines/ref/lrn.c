/* LRN: each element divided by (bias + alpha / size * sum of squares of `size` neighbouring channels) ^ beta. */
#include <math.h>

#include "ref/support/element.h"
#include "ref/support/shape.h"

static ob_status_t run(const ob_kernel_call_t *call) {
  const ob_tensor_t *x = call->inputs[0];
  ob_tensor_t *y = call->outputs[0];
  double alpha = (double)ob_kernel_float(call, "alpha", 0.0001f), beta = (double)ob_kernel_float(call, "beta", 0.75f);
  double bias = (double)ob_kernel_float(call, "bias", 1);
  int64_t size = ob_kernel_int(call, "size", 1), channels = x->dims[1];
  if (size < 1) return ob_fail(OB_OUT_OF_RANGE, "size is %lld", (long long)size);
  size_t inner = ob_ref_product(x->dims, 2, x->rank);
  for (size_t n = 0; n < (size_t)x->dims[0]; n++)
    for (int64_t c = 0; c < channels; c++) {
      int64_t low = c - (size - 1) / 2, high = c + size / 2;
      if (low < 0) low = 0;
      if (high > channels - 1) high = channels - 1;
      for (size_t i = 0; i < inner; i++) {
        double squares = 0;
        for (int64_t k = low; k <= high; k++) {
          double v = ob_ref_get(x->dtype, x->data, (n * (size_t)channels + (size_t)k) * inner + i);
          squares += v * v;
        }
        size_t at = (n * (size_t)channels + (size_t)c) * inner + i;
        ob_ref_set(y->dtype, y->data, at, ob_ref_get(x->dtype, x->data, at) / pow(bias + alpha / (double)size * squares, beta));
      }
    }
  return OB_OK;
}

const ob_kernel_t ob_ref_LRN = {.op = "LRN", .domain = "", .run = run};
