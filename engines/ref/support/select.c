/* Comparing elements of any type: see select.h. */
#include "ref/support/select.h"

#include <math.h>

bool ob_ref_before(const ob_tensor_t *x, size_t a, size_t b, int sign) {
  if (ob_ref_is_real(x->dtype)) {
    double p = ob_ref_get(x->dtype, x->data, a), q = ob_ref_get(x->dtype, x->data, b);
    if (isnan(p) || isnan(q)) return sign > 0 ? isnan(p) && !isnan(q) : !isnan(p) && isnan(q);
    return sign > 0 ? p > q : p < q;
  }
  int64_t p = ob_ref_get_int(x->dtype, x->data, a), q = ob_ref_get_int(x->dtype, x->data, b);
  if (x->dtype == OB_UINT64) return sign > 0 ? (uint64_t)p > (uint64_t)q : (uint64_t)p < (uint64_t)q;
  return sign > 0 ? p > q : p < q;
}

/* As ob_ref_before, but NaN is extreme in both directions. */
static bool beats(const ob_tensor_t *x, size_t a, size_t b, int sign) {
  if (ob_ref_is_real(x->dtype)) {
    double p = ob_ref_get(x->dtype, x->data, a), q = ob_ref_get(x->dtype, x->data, b);
    if (isnan(p) || isnan(q)) return isnan(p) && !isnan(q);
  }
  return ob_ref_before(x, a, b, sign);
}

ob_status_t ob_ref_arg(const ob_kernel_call_t *call, int sign) {
  const ob_tensor_t *x = call->inputs[0];
  bool keep = ob_kernel_int(call, "keepdims", 1) != 0, last = ob_kernel_int(call, "select_last_index", 0) != 0;
  int32_t axis, rank = 0;
  int64_t dims[OB_MAX_RANK];
  OB_TRY(ob_ref_axis(ob_kernel_int(call, "axis", 0), x->rank, &axis));
  for (int32_t i = 0; i < x->rank; i++)
    if (i != axis || keep) dims[rank++] = i == axis ? 1 : x->dims[i];
  OB_TRY(ob_kernel_allocate(call, 0, rank, dims));
  ob_tensor_t *y = call->outputs[0];
  size_t length = (size_t)x->dims[axis], inner = ob_ref_product(x->dims, axis + 1, x->rank), count = ob_tensor_count(y);
  if (length == 0 && count > 0) return ob_fail(OB_OUT_OF_RANGE, "axis %d has no elements", (int)axis);
  for (size_t r = 0; r < count; r++) {
    size_t base = r / inner * length * inner + r % inner, best = 0;
    for (size_t k = 1; k < length; k++) {
      bool tie = last && !beats(x, base + best * inner, base + k * inner, sign);
      if (tie || beats(x, base + k * inner, base + best * inner, sign)) best = k;
    }
    ob_ref_set_int(y->dtype, y->data, r, (int64_t)best);
  }
  return OB_OK;
}
