/* Comparing two results element by element. See compare.h. */
#include "runtime/compare.h"

#include <math.h>
#include <string.h>

#include "base/checked.h"
#include "base/dtype.h"
#include "runtime/bind.h"

/* What passes for equal in floating point; integers, bools and strings must be the same. */
static const double absolute = 1e-4, relative = 1e-3;

#define READ(type, value)                                             \
  {                                                                   \
    type e;                                                           \
    memcpy(&e, (const char *)data + index * sizeof e, sizeof e);      \
    return (double)(value);                                           \
  }

/* Element as a number. Complex numbers count as two floats each. */
static double element(ob_dtype_t dtype, const void *data, size_t index) {
  switch (dtype) {
    case OB_FLOAT32:
    case OB_COMPLEX64: READ(float, e)
    case OB_FLOAT64:
    case OB_COMPLEX128: READ(double, e)
    case OB_FLOAT16: READ(uint16_t, ob_f16_to_f32(e))
    case OB_BFLOAT16: READ(uint16_t, ob_bf16_to_f32(e))
    case OB_UINT64: READ(uint64_t, e)
    default: break;
  }
  if (ob_dtype_is_integer(dtype)) return (double)ob_tensor_element(dtype, data, index);
  if (dtype == OB_FLOAT4E2M1) return ob_minifloat_to_f32(dtype, (uint8_t)ob_subbyte_get(dtype, data, index));
  if (ob_dtype_bits(dtype) < 8) return ob_subbyte_get(dtype, data, index);
  return ob_minifloat_to_f32(dtype, ((const uint8_t *)data)[index]);
}

static bool is_exact(ob_dtype_t dtype) {
  return ob_dtype_is_integer(dtype) || (ob_dtype_bits(dtype) < 8 && dtype != OB_FLOAT4E2M1);
}

/* |got - want|; equal infinities and two NaNs are the same. */
static double distance(double got, double want) {
  if (got == want || (isnan(got) && isnan(want))) return 0;
  double d = fabs(got - want);
  return isnan(d) ? INFINITY : d;
}

static void compare_numbers(const ob_tensor_t *got, const ob_tensor_t *want, size_t count, ob_difference_t *out) {
  bool exact = is_exact(want->dtype);
  double largest = 0;
  for (size_t i = 0; i < count; i++) {
    double g = element(got->dtype, got->data, i), w = element(want->dtype, want->data, i), d = distance(g, w);
    if (d > out->max_abs) out->max_abs = d;
    if (isfinite(w) && fabs(w) > largest) largest = fabs(w);
    out->differing += exact ? d != 0 : d > absolute + relative * fabs(isfinite(w) ? w : 0);
  }
  double rel = out->max_abs == 0 ? 0 : largest > 0 ? out->max_abs / largest : INFINITY;
  if (rel > out->max_rel) out->max_rel = rel;
}

static void compare_strings(const ob_tensor_t *got, const ob_tensor_t *want, size_t count, ob_difference_t *out) {
  const ob_string_t *g = got->data, *w = want->data;
  for (size_t i = 0; i < count; i++)
    out->differing += g[i].size != w[i].size || (w[i].size > 0 && memcmp(g[i].data, w[i].data, w[i].size) != 0);
  if (out->differing > 0) out->max_abs = out->max_rel = INFINITY;
}

static bool same_shape(const ob_tensor_t *a, const ob_tensor_t *b) {
  return a->kind == b->kind && (a->kind == OB_TENSOR ? a->dtype == b->dtype && a->rank == b->rank &&
                                                           (a->rank == 0 || memcmp(a->dims, b->dims, (size_t)a->rank * 8) == 0)
                                                     : a->item_count == b->item_count);
}

void ob_compare(const ob_tensor_t *got, const ob_tensor_t *want, ob_difference_t *out) {
  size_t count = 1;
  if (want->kind == OB_TENSOR && !ob_dims_count(want->rank, want->dims, &count)) count = 1;
  if (!same_shape(got, want)) {
    out->elements += count;
    out->differing += count;
    out->max_abs = out->max_rel = INFINITY;
    return;
  }
  if (want->kind != OB_TENSOR) {
    for (size_t i = 0; i < want->item_count; i++) ob_compare(&got->items[i], &want->items[i], out);
    return;
  }
  out->elements += count;
  if (want->dtype == OB_STRING) compare_strings(got, want, count, out);
  else compare_numbers(got, want, want->dtype == OB_COMPLEX64 || want->dtype == OB_COMPLEX128 ? 2 * count : count, out);
}
