/* ConvInteger: convolution of 8-bit integers less their zero points, as int32; doubles hold the sums exactly. */
#include "ref/support/convolve.h"

static ob_status_t prepare(ob_kernel_setup_t *setup) { return ob_ref_convolution_prepare(setup, 0, 1); }

static ob_status_t run(const ob_kernel_call_t *call) {
  const ob_tensor_t *x = call->inputs[0], *w = call->inputs[1], *x_zero = ob_ref_input(call, 2), *w_zero = ob_ref_input(call, 3);
  ob_tensor_t *y = call->outputs[0];
  ob_ref_convolution_t c;
  OB_TRY(ob_ref_convolution_begin(call, x, w, &c));
  OB_TRY(ob_ref_convolution_weights(&c, w, w_zero));
  for (size_t n = 0; n < c.batch; n++) {
    OB_TRY(ob_ref_convolution_image(&c, x, n, x_zero));
    OB_TRY(ob_ref_convolve(call, &c));
    ob_ref_store(y->dtype, y->data, n * c.out_channels * c.out_size, c.out_channels * c.out_size, c.result);
  }
  return OB_OK;
}

const ob_kernel_t ob_ref_ConvInteger = {.op = "ConvInteger", .domain = "", .prepare = prepare, .run = run};
