/* Granularity of quantisation: see scale.h. */
#include "ref/support/scale.h"

#include <math.h>
#include <string.h>

ob_status_t ob_ref_scale_begin(const ob_kernel_call_t *call, const ob_tensor_t *x, const ob_tensor_t *scale, const ob_tensor_t *zero_point,
                               ob_ref_scale_t *s) {
  int32_t axis;
  memset(s, 0, sizeof *s);
  s->scale = scale;
  s->zero_point = zero_point;
  s->rank = x->rank;
  s->blocked = -1;
  if (zero_point && ob_tensor_count(zero_point) != ob_tensor_count(scale)) return ob_fail(OB_INVALID_ARGUMENT, "scale and zero point differ in shape");
  if (ob_tensor_count(scale) == 1 && scale->rank <= 1) return OB_OK;
  OB_TRY(ob_ref_axis(ob_kernel_int(call, "axis", 1), x->rank, &axis));
  if (scale->rank == 1 && scale->dims[0] == x->dims[axis]) {
    s->strides[axis] = 1;
    return OB_OK;
  }
  s->block = ob_kernel_int(call, "block_size", 0);
  if (s->block == 0 && scale->rank == x->rank && scale->dims[axis] > 0) s->block = (x->dims[axis] + scale->dims[axis] - 1) / scale->dims[axis];
  bool fits = scale->rank == x->rank && s->block > 0;
  for (int32_t i = 0; fits && i < x->rank; i++)
    fits = scale->dims[i] == (i == axis ? (x->dims[i] + s->block - 1) / s->block : x->dims[i]);
  if (!fits) return ob_fail(OB_INVALID_ARGUMENT, "the scale's shape does not fit the input, axis %d and block size %lld", (int)axis, (long long)s->block);
  s->blocked = axis;
  ob_ref_strides(scale->rank, scale->dims, s->strides);
  return OB_OK;
}

int64_t ob_ref_quantize(double value, double scale, int64_t zero_point, ob_dtype_t precision, ob_dtype_t dtype) {
  int64_t low, high;
  double rounded = nearbyint(ob_ref_round(precision, value / scale)) + (double)zero_point;
  ob_ref_limits(dtype, &low, &high);
  if (isnan(rounded)) return zero_point;
  return rounded <= (double)low ? low : rounded >= (double)high ? high : (int64_t)rounded;
}
