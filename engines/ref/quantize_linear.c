/* QuantizeLinear: y = saturate(round(x / scale) + zero point), ties to even; the quotient is rounded to the scale's type first. */
#include "ref/support/scale.h"

static void to_real(const ob_kernel_call_t *call, ob_tensor_t *y, size_t at, double quotient, double zero_point) {
  if (ob_kernel_int(call, "saturate", 1))
    ob_ref_set(y->dtype, y->data, at, quotient + zero_point);
  else
    ob_ref_store_unsaturated(y->dtype, y->data, at, quotient + zero_point);
}

static ob_status_t run(const ob_kernel_call_t *call) {
  const ob_tensor_t *x = call->inputs[0], *zero = ob_ref_input(call, 2);
  ob_tensor_t *y = call->outputs[0];
  ob_ref_scale_t s;
  int64_t index[OB_MAX_RANK] = {0};
  OB_TRY(ob_ref_scale_begin(call, x, call->inputs[1], zero, &s));
  OB_TRY(ob_ref_same_shape(x, y, "input and output"));
  ob_dtype_t precision = (ob_dtype_t)ob_kernel_int(call, "precision", 0);
  if (precision == OB_UNDEFINED) precision = s.scale->dtype;
  bool real = ob_ref_is_real(y->dtype);
  for (size_t i = 0; i < ob_tensor_count(x); i++) {
    size_t at = ob_ref_scale_at(&s, index);
    double scale = ob_ref_get(s.scale->dtype, s.scale->data, at), value = ob_ref_get(x->dtype, x->data, i);
    if (real)
      to_real(call, y, i, ob_ref_round(precision, value / scale), zero ? ob_ref_get(zero->dtype, zero->data, at) : 0);
    else
      ob_ref_set_int(y->dtype, y->data, i,
                     ob_ref_quantize(value, scale, zero ? ob_ref_get_int(zero->dtype, zero->data, at) : 0, precision, y->dtype));
    ob_ref_next(x->rank, x->dims, index);
  }
  return OB_OK;
}

const ob_kernel_t ob_ref_QuantizeLinear = {.op = "QuantizeLinear", .domain = "", .run = run};
