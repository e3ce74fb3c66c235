/* Conv: convolution of any number of spatial axes, with groups, dilations and bias; sums are in double. */
#include "ref/support/convolve.h"

static ob_status_t prepare(ob_kernel_setup_t *setup) { return ob_ref_convolution_prepare(setup, 0, 1); }

static ob_status_t run(const ob_kernel_call_t *call) {
  const ob_tensor_t *x = call->inputs[0], *w = call->inputs[1], *bias = ob_ref_input(call, 2);
  ob_tensor_t *y = call->outputs[0];
  ob_ref_convolution_t c;
  OB_TRY(ob_ref_convolution_begin(call, x, w, &c));
  if (bias && ob_tensor_count(bias) != c.out_channels)
    return ob_fail(OB_INVALID_ARGUMENT, "the bias has %zu elements for %zu channels", ob_tensor_count(bias), c.out_channels);
  if (ob_tensor_count(y) == 0) return OB_OK;
  OB_TRY(ob_ref_convolution_weights(&c, w, NULL));
  for (size_t n = 0; n < c.batch; n++) {
    OB_TRY(ob_ref_convolution_image(&c, x, n, NULL));
    OB_TRY(ob_ref_convolve(call, &c));
    for (size_t m = 0; m < c.out_channels; m++) {
      double offset = bias ? ob_ref_get(bias->dtype, bias->data, m) : 0;
      for (size_t i = 0; i < c.out_size; i++) c.result[m * c.out_size + i] += offset;
    }
    ob_ref_store(y->dtype, y->data, n * c.out_channels * c.out_size, c.out_channels * c.out_size, c.result);
  }
  return OB_OK;
}

const ob_kernel_t ob_ref_Conv = {.op = "Conv", .domain = "", .prepare = prepare, .run = run};
