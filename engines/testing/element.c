/* Elements of any type as double, random tensors and comparisons. Independent of the engines under test. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/dtype.h"
#include "testing/testing.h"

#define PLAIN_TYPES(X)                                                                                                    \
  X(OB_FLOAT32, float) X(OB_FLOAT64, double) X(OB_INT8, int8_t) X(OB_INT16, int16_t) X(OB_INT32, int32_t)                 \
  X(OB_INT64, int64_t) X(OB_UINT8, uint8_t) X(OB_UINT16, uint16_t) X(OB_UINT32, uint32_t) X(OB_UINT64, uint64_t)          \
  X(OB_BOOL, uint8_t)

double ob_element_get(ob_dtype_t dtype, const void *data, size_t i) {
  switch (dtype) {
#define GET(code, type) \
  case code: return (double)((const type *)data)[i];
    PLAIN_TYPES(GET)
#undef GET
    case OB_FLOAT16: return (double)ob_f16_to_f32(((const uint16_t *)data)[i]);
    case OB_BFLOAT16: return (double)ob_bf16_to_f32(((const uint16_t *)data)[i]);
    case OB_UINT4:
    case OB_INT4:
    case OB_UINT2:
    case OB_INT2: return ob_subbyte_get(dtype, data, i);
    case OB_FLOAT4E2M1: return (double)ob_minifloat_to_f32(dtype, (uint8_t)ob_subbyte_get(dtype, data, i));
    default: return (double)ob_minifloat_to_f32(dtype, ((const uint8_t *)data)[i]);
  }
}

/* Limits of the integer types. */
static void limits(ob_dtype_t dtype, double *low, double *high) {
  bool is_signed = dtype == OB_INT8 || dtype == OB_INT16 || dtype == OB_INT32 || dtype == OB_INT64 || dtype == OB_INT4 || dtype == OB_INT2;
  int bits = dtype == OB_BOOL ? 1 : (int)ob_dtype_bits(dtype);
  *low = is_signed ? -ldexp(1, bits - 1) : 0;
  *high = ldexp(1, is_signed ? bits - 1 : bits) - 1;
}

static bool is_integer(ob_dtype_t dtype) {
  return (OB_DTYPE_BIT(dtype) & (OB_DTYPE_BIT(OB_INT8) | OB_DTYPE_BIT(OB_INT16) | OB_DTYPE_BIT(OB_INT32) | OB_DTYPE_BIT(OB_INT64) |
                                 OB_DTYPE_BIT(OB_UINT8) | OB_DTYPE_BIT(OB_UINT16) | OB_DTYPE_BIT(OB_UINT32) | OB_DTYPE_BIT(OB_UINT64) |
                                 OB_DTYPE_BIT(OB_BOOL) | OB_DTYPE_BIT(OB_UINT4) | OB_DTYPE_BIT(OB_INT4) | OB_DTYPE_BIT(OB_UINT2) |
                                 OB_DTYPE_BIT(OB_INT2))) != 0;
}

static void set_integer(ob_dtype_t dtype, void *data, size_t i, double value) {
  double low, high;
  limits(dtype, &low, &high);
  value = isnan(value) ? 0 : nearbyint(value);
  value = value < low ? low : value > high ? high : value;
  if (ob_dtype_bits(dtype) < 8) {
    ob_subbyte_set(dtype, data, i, (int)value);
    return;
  }
  size_t size = ob_dtype_bits(dtype) / 8;
  uint64_t bits = value >= 0x1p63 ? (value >= 0x1p64 ? UINT64_MAX : (uint64_t)value) : (uint64_t)(int64_t)value;
  if (dtype == OB_INT64 && value >= 0x1p63) bits = INT64_MAX;
  memcpy((char *)data + i * size, &bits, size);
}

void ob_element_set(ob_dtype_t dtype, void *data, size_t i, double value) {
  if (is_integer(dtype)) {
    set_integer(dtype, data, i, value);
    return;
  }
  switch (dtype) {
    case OB_FLOAT32: ((float *)data)[i] = (float)value; break;
    case OB_FLOAT64: ((double *)data)[i] = value; break;
    case OB_FLOAT16: ((uint16_t *)data)[i] = ob_f32_to_f16((float)value); break;
    case OB_BFLOAT16: ((uint16_t *)data)[i] = ob_f32_to_bf16((float)value); break;
    case OB_FLOAT4E2M1: ob_subbyte_set(dtype, data, i, ob_f32_to_minifloat(dtype, (float)value, true)); break;
    default: ((uint8_t *)data)[i] = ob_f32_to_minifloat(dtype, (float)value, true);
  }
}

/* ---------------------------------------------------------------- random data: splitmix64 */

uint64_t ob_random_next(ob_random_t *random) {
  uint64_t z = random->state += UINT64_C(0x9e3779b97f4a7c15);
  z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
  z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
  return z ^ (z >> 31);
}

int64_t ob_random_int(ob_random_t *random, int64_t low, int64_t high) {
  uint64_t span = (uint64_t)high - (uint64_t)low + 1, next = ob_random_next(random);
  return (int64_t)((uint64_t)low + (span ? next % span : next));
}

double ob_random_real(ob_random_t *random, double low, double high) {
  return low + (high - low) * (double)(ob_random_next(random) >> 11) * 0x1p-53;
}

/* One of the special values that `flags` names; false when it names none. */
static bool special(ob_random_t *random, ob_dtype_t dtype, unsigned flags, double *value) {
  double low = -3.4028234663852886e38, high = -low, tiny = 1e-42;
  if (is_integer(dtype)) limits(dtype, &low, &high);
  if (dtype == OB_FLOAT16) high = 65504, low = -high, tiny = 3e-8;
  if (dtype == OB_FLOAT64) high = 1.7976931348623157e308, low = -high, tiny = 1e-310;
  const struct {
    unsigned flag;
    double value;
  } all[] = {{OB_RANDOM_NAN, NAN},         {OB_RANDOM_INFINITY, INFINITY}, {OB_RANDOM_INFINITY, -INFINITY}, {OB_RANDOM_DENORMAL, tiny},
             {OB_RANDOM_DENORMAL, -tiny}, {OB_RANDOM_LIMITS, low},        {OB_RANDOM_LIMITS, high},        {OB_RANDOM_ZERO, 0.0},
             {OB_RANDOM_ZERO, -0.0}};
  for (int attempt = 0; attempt < 32; attempt++) {
    size_t i = (size_t)ob_random_int(random, 0, (int64_t)(sizeof all / sizeof *all) - 1);
    *value = all[i].value;
    if (flags & all[i].flag) return true;
  }
  return false;
}

void ob_random_fill(ob_random_t *random, ob_dtype_t dtype, void *data, size_t count, double low, double high, unsigned flags) {
  for (size_t i = 0; i < count; i++) {
    double value;
    if (!(flags && ob_random_int(random, 0, 7) == 0 && special(random, dtype, flags, &value)))
      value = ob_random_real(random, low, high);
    ob_element_set(dtype, data, i, value);
  }
}

int32_t ob_random_dims(ob_random_t *random, int32_t min_rank, int32_t max_rank, int64_t max_dim, bool empty, int64_t *dims) {
  int32_t rank = (int32_t)ob_random_int(random, min_rank, max_rank);
  for (int32_t i = 0; i < rank; i++)
    dims[i] = empty && ob_random_int(random, 0, 15) == 0 ? 0 : ob_random_int(random, 1, max_dim);
  return rank;
}

int32_t ob_random_broadcast(ob_random_t *random, int32_t rank, const int64_t *dims, int64_t *out) {
  int32_t skip = ob_random_int(random, 0, 2) == 0 ? (int32_t)ob_random_int(random, 0, rank) : 0;
  for (int32_t i = skip; i < rank; i++) out[i - skip] = ob_random_int(random, 0, 3) == 0 ? 1 : dims[i];
  return rank - skip;
}

/* ---------------------------------------------------------------- comparison */

/* Bits of a float as a number that grows with the float. */
static bool ordered(ob_dtype_t dtype, const void *data, size_t i, int64_t *order) {
  unsigned size = ob_dtype_bits(dtype) / 8;
  int64_t bits = 0;
  if (dtype != OB_FLOAT32 && dtype != OB_FLOAT64 && dtype != OB_FLOAT16 && dtype != OB_BFLOAT16) return false;
  memcpy(&bits, (const char *)data + i * size, size);
  int64_t sign = INT64_C(1) << (8 * size - 2) << 1;
  *order = size == 8 ? (bits < 0 ? INT64_MIN - bits : bits) : bits & sign ? sign - bits : bits;
  return true;
}

uint64_t ob_ulp(ob_dtype_t dtype, const void *a, const void *b, size_t i) {
  double x = ob_element_get(dtype, a, i), y = ob_element_get(dtype, b, i);
  int64_t p, q;
  if (isnan(x) || isnan(y)) return isnan(x) && isnan(y) ? 0 : UINT64_MAX;
  if (!ordered(dtype, a, i, &p) || !ordered(dtype, b, i, &q)) return 0;
  return p > q ? (uint64_t)p - (uint64_t)q : (uint64_t)q - (uint64_t)p;
}

ob_comparison_t ob_compare(ob_dtype_t dtype, const void *got, const void *want, size_t count, double atol, double rtol) {
  ob_comparison_t result = {0};
  double worst = -1;
  for (size_t i = 0; i < count; i++) {
    double g = ob_element_get(dtype, got, i), w = ob_element_get(dtype, want, i);
    if ((isnan(g) && isnan(w)) || g == w) continue;
    double error = isnan(g) || isnan(w) || isinf(g) || isinf(w) ? INFINITY : fabs(g - w);
    double relative = error / fmax(fabs(isinf(w) || isnan(w) ? 1 : w), 1e-30);
    uint64_t ulp = ob_ulp(dtype, got, want, i);
    if (error > result.max_abs) result.max_abs = error;
    if (relative > result.max_rel) result.max_rel = relative;
    if (ulp > result.max_ulp) result.max_ulp = ulp;
    double excess = isinf(error) ? INFINITY : error - (atol + rtol * fabs(w));
    if (excess > 0) result.differing++;
    if (excess > worst) {
      worst = excess;
      result.worst = i;
    }
  }
  return result;
}
