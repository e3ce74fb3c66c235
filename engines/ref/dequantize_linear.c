/* DequantizeLinear: y = (x - zero point) * scale. */
#include "ref/support/scale.h"

static ob_status_t run(const ob_kernel_call_t *call) {
  const ob_tensor_t *x = call->inputs[0], *zero = ob_ref_input(call, 2);
  ob_tensor_t *y = call->outputs[0];
  ob_ref_scale_t s;
  int64_t index[OB_MAX_RANK] = {0};
  OB_TRY(ob_ref_scale_begin(call, x, call->inputs[1], zero, &s));
  OB_TRY(ob_ref_same_shape(x, y, "input and output"));
  for (size_t i = 0; i < ob_tensor_count(x); i++) {
    size_t at = ob_ref_scale_at(&s, index);
    double minus = zero ? ob_ref_get(zero->dtype, zero->data, at) : 0;
    ob_ref_set(y->dtype, y->data, i, (ob_ref_get(x->dtype, x->data, i) - minus) * ob_ref_get(s.scale->dtype, s.scale->data, at));
    ob_ref_next(x->rank, x->dims, index);
  }
  return OB_OK;
}

const ob_kernel_t ob_ref_DequantizeLinear = {.op = "DequantizeLinear", .domain = "", .run = run};
