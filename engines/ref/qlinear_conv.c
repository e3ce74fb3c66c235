/* QLinearConv: convolution of quantised tensors: integer sums with bias, scaled once, rounded and saturated. */
#include "ref/support/convolve.h"
#include "ref/support/scale.h"

enum { X, X_SCALE, X_ZERO, W, W_SCALE, W_ZERO, Y_SCALE, Y_ZERO, BIAS };

static ob_status_t prepare(ob_kernel_setup_t *setup) { return ob_ref_convolution_prepare(setup, X, W); }

static double element(const ob_tensor_t *tensor, size_t i) { return ob_ref_get(tensor->dtype, tensor->data, ob_tensor_count(tensor) == 1 ? 0 : i); }

static ob_status_t run(const ob_kernel_call_t *call) {
  const ob_tensor_t *const *in = call->inputs;
  const ob_tensor_t *bias = ob_ref_input(call, BIAS);
  ob_tensor_t *y = call->outputs[0];
  ob_ref_convolution_t c;
  OB_TRY(ob_ref_convolution_begin(call, in[X], in[W], &c));
  OB_TRY(ob_ref_convolution_weights(&c, in[W], in[W_ZERO]));
  size_t scales = ob_tensor_count(in[W_SCALE]);
  if ((scales != 1 && scales != c.out_channels) || (bias && ob_tensor_count(bias) != c.out_channels))
    return ob_fail(OB_INVALID_ARGUMENT, "%zu scales for %zu channels", scales, c.out_channels);
  int64_t zero = ob_ref_get_int(in[Y_ZERO]->dtype, in[Y_ZERO]->data, 0);
  for (size_t n = 0; n < c.batch; n++) {
    OB_TRY(ob_ref_convolution_image(&c, in[X], n, in[X_ZERO]));
    OB_TRY(ob_ref_convolve(call, &c));
    for (size_t m = 0; m < c.out_channels; m++) {
      double scale = element(in[X_SCALE], 0) * element(in[W_SCALE], m) / element(in[Y_SCALE], 0), plus = bias ? element(bias, m) : 0;
      for (size_t i = 0; i < c.out_size; i++) {
        size_t at = m * c.out_size + i;
        ob_ref_set_int(y->dtype, y->data, n * c.out_channels * c.out_size + at,
                       ob_ref_quantize((c.result[at] + plus) * scale, 1, zero, OB_FLOAT32, y->dtype));
      }
    }
  }
  return OB_OK;
}

const ob_kernel_t ob_ref_QLinearConv = {.op = "QLinearConv", .domain = "", .prepare = prepare, .run = run};
