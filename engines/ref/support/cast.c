/* Conversions of numbers for Cast: see cast.h. */
#include "ref/support/cast.h"

#include <math.h>
#include <string.h>

#include "ref/support/text.h"

/* float8e8m0: powers of two only; `mode` says where the ones between go. */
static uint8_t to_e8m0(double value, const char *mode, bool saturate) {
  int exponent;
  if (isnan(value)) return 255;
  if (value == 0) return saturate ? 0 : 255;
  if (isinf(value)) return saturate ? 254 : 255;
  double fraction = frexp(fabs(value), &exponent); /* [0.5, 1) */
  int code = exponent - 1 + 127;
  if (strcmp(mode, "up") == 0 ? fraction > 0.5 : strcmp(mode, "nearest") == 0 && fraction >= 0.75) code++;
  if (code < 0) return saturate ? 0 : 255;
  if (code > 254) return saturate ? 254 : 255;
  return (uint8_t)code;
}

static void from_reals(const ob_kernel_call_t *call, const ob_tensor_t *x, ob_tensor_t *y) {
  bool saturate = ob_kernel_int(call, "saturate", 1) != 0;
  const char *mode = ob_kernel_string(call, "round_mode", "up");
  for (size_t i = 0; i < ob_tensor_count(x); i++) {
    double value = ob_ref_get(x->dtype, x->data, i);
    if (y->dtype == OB_FLOAT8E8M0)
      ((uint8_t *)y->data)[i] = to_e8m0(value, mode, saturate);
    else if (!ob_ref_is_real(y->dtype) && y->dtype != OB_BOOL && value > -0x1p63 && value < 0x1p63)
      ob_ref_set_int(y->dtype, y->data, i, (int64_t)value); /* out of range is undefined: the low bits, as from an integer */
    else if (saturate)
      ob_ref_set(y->dtype, y->data, i, value);
    else
      ob_ref_store_unsaturated(y->dtype, y->data, i, value);
  }
}

ob_status_t ob_ref_cast(const ob_kernel_call_t *call, const ob_tensor_t *x, ob_tensor_t *y) {
  size_t count = ob_tensor_count(x);
  if (ob_tensor_count(y) != count) return ob_fail(OB_INVALID_ARGUMENT, "input and output differ in size");
  if (x->dtype == y->dtype) {
    ob_ref_copy(x->dtype, y->data, 0, x->data, 0, count);
  } else if (y->dtype == OB_STRING) {
    for (size_t i = 0; i < count; i++) OB_TRY(ob_ref_number_to_string(call, x, i, (ob_string_t *)y->data + i));
  } else if (x->dtype == OB_STRING) {
    for (size_t i = 0; i < count; i++) OB_TRY(ob_ref_string_to_number((const ob_string_t *)x->data + i, y, i));
  } else if (ob_ref_is_real(x->dtype) || ob_ref_is_real(y->dtype)) {
    from_reals(call, x, y);
  } else {
    for (size_t i = 0; i < count; i++) ob_ref_set_int(y->dtype, y->data, i, ob_ref_get_int(x->dtype, x->data, i));
  }
  return OB_OK;
}
