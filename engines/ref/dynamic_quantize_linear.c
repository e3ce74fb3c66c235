/* DynamicQuantizeLinear: quantises to uint8 with the scale and zero point that the data asks for; computed in float32. */
#include <math.h>

#include "ref/support/scale.h"

static ob_status_t run(const ob_kernel_call_t *call) {
  const ob_tensor_t *x = call->inputs[0];
  ob_tensor_t *y = call->outputs[0], *scale_out = ob_ref_output(call, 1), *zero_out = ob_ref_output(call, 2);
  double low = 0, high = 0;
  for (size_t i = 0; i < ob_tensor_count(x); i++) {
    low = fmin(low, ob_ref_get(x->dtype, x->data, i));
    high = fmax(high, ob_ref_get(x->dtype, x->data, i));
  }
  float scale = high == low ? 1.0f / 255 : ((float)high - (float)low) / 255;
  int64_t zero = ob_ref_quantize(-low, (double)scale, 0, OB_FLOAT32, OB_UINT8);
  for (size_t i = 0; y && i < ob_tensor_count(x); i++)
    ob_ref_set_int(y->dtype, y->data, i, ob_ref_quantize(ob_ref_get(x->dtype, x->data, i), (double)scale, zero, OB_FLOAT32, OB_UINT8));
  if (scale_out) ob_ref_set(scale_out->dtype, scale_out->data, 0, (double)scale);
  if (zero_out) ob_ref_set_int(zero_out->dtype, zero_out->data, 0, zero);
  return OB_OK;
}

const ob_kernel_t ob_ref_DynamicQuantizeLinear = {.op = "DynamicQuantizeLinear", .domain = "", .run = run};
