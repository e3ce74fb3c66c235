/* Loads, stores and copies for every element type: the only place of `ref` that knows them one by one. */
#include "ref/support/element.h"

#include <math.h>
#include <string.h>

#define PLAIN_TYPES(X)                                                                                             \
  X(OB_FLOAT32, float) X(OB_FLOAT64, double) X(OB_INT8, int8_t) X(OB_INT16, int16_t) X(OB_INT32, int32_t)          \
  X(OB_INT64, int64_t) X(OB_UINT8, uint8_t) X(OB_UINT16, uint16_t) X(OB_UINT32, uint32_t) X(OB_UINT64, uint64_t)   \
  X(OB_BOOL, uint8_t)

#define SUBBYTE_INTEGERS (OB_DTYPE_BIT(OB_UINT4) | OB_DTYPE_BIT(OB_INT4) | OB_DTYPE_BIT(OB_UINT2) | OB_DTYPE_BIT(OB_INT2))
#define INTEGERS                                                                                                      \
  (OB_DTYPE_BIT(OB_INT8) | OB_DTYPE_BIT(OB_INT16) | OB_DTYPE_BIT(OB_INT32) | OB_DTYPE_BIT(OB_INT64) |                 \
   OB_DTYPE_BIT(OB_UINT8) | OB_DTYPE_BIT(OB_UINT16) | OB_DTYPE_BIT(OB_UINT32) | OB_DTYPE_BIT(OB_UINT64) |             \
   OB_DTYPE_BIT(OB_BOOL) | SUBBYTE_INTEGERS)

bool ob_ref_is_real(ob_dtype_t dtype) { return !(INTEGERS >> dtype & 1) && dtype != OB_STRING; }

void ob_ref_limits(ob_dtype_t dtype, int64_t *low, int64_t *high) {
  unsigned bits = dtype == OB_BOOL ? 1 : ob_dtype_bits(dtype);
  bool is_signed = dtype == OB_INT8 || dtype == OB_INT16 || dtype == OB_INT32 || dtype == OB_INT64 || dtype == OB_INT4 || dtype == OB_INT2;
  unsigned magnitude = is_signed ? bits - 1 : bits;
  *high = magnitude >= 63 ? INT64_MAX : (INT64_C(1) << magnitude) - 1;
  *low = is_signed ? -*high - 1 : 0;
}

/* Index of element i of a row. */
#define AT (size_t)((int64_t)at + (int64_t)i * step)

/* 8-, 6- and 4-bit floats. */
static double minifloat(ob_dtype_t dtype, const void *data, size_t at) {
  uint8_t bits = dtype == OB_FLOAT4E2M1 ? (uint8_t)ob_subbyte_get(dtype, data, at) : ((const uint8_t *)data)[at];
  return (double)ob_minifloat_to_f32(dtype, bits);
}

void ob_ref_load(ob_dtype_t dtype, const void *data, size_t at, int64_t step, size_t count, double *out) {
  switch (dtype) {
#define LOAD(code, type)                                                              \
  case code:                                                                          \
    for (size_t i = 0; i < count; i++) out[i] = (double)((const type *)data)[AT];     \
    break;
    PLAIN_TYPES(LOAD)
#undef LOAD
    case OB_FLOAT16:
      for (size_t i = 0; i < count; i++) out[i] = (double)ob_f16_to_f32(((const uint16_t *)data)[AT]);
      break;
    case OB_BFLOAT16:
      for (size_t i = 0; i < count; i++) out[i] = (double)ob_bf16_to_f32(((const uint16_t *)data)[AT]);
      break;
    case OB_UINT4:
    case OB_INT4:
    case OB_UINT2:
    case OB_INT2:
      for (size_t i = 0; i < count; i++) out[i] = ob_subbyte_get(dtype, data, AT);
      break;
    default:
      for (size_t i = 0; i < count; i++) out[i] = minifloat(dtype, data, AT);
  }
}

/* A double as int64: cut towards zero, saturated, NaN as 0. */
static int64_t to_int(double value, int64_t low, int64_t high) {
  if (isnan(value)) return 0;
  if (value <= (double)low) return low;
  if (value >= (double)high) return high;
  return (int64_t)value;
}

void ob_ref_load_int(ob_dtype_t dtype, const void *data, size_t at, int64_t step, size_t count, int64_t *out) {
  switch (dtype) {
#define LOAD(code, type)                                                               \
  case code:                                                                           \
    for (size_t i = 0; i < count; i++) out[i] = (int64_t)((const type *)data)[AT];     \
    break;
    LOAD(OB_INT8, int8_t) LOAD(OB_INT16, int16_t) LOAD(OB_INT32, int32_t) LOAD(OB_INT64, int64_t) LOAD(OB_UINT8, uint8_t)
    LOAD(OB_UINT16, uint16_t) LOAD(OB_UINT32, uint32_t) LOAD(OB_UINT64, uint64_t) LOAD(OB_BOOL, uint8_t)
#undef LOAD
    case OB_UINT4:
    case OB_INT4:
    case OB_UINT2:
    case OB_INT2:
      for (size_t i = 0; i < count; i++) out[i] = ob_subbyte_get(dtype, data, AT);
      break;
    default:
      for (size_t i = 0; i < count; i++) out[i] = to_int(ob_ref_get(dtype, data, AT), INT64_MIN, INT64_MAX);
  }
}

static void store_real(ob_dtype_t dtype, void *data, size_t at, size_t count, const double *in) {
  switch (dtype) {
    case OB_FLOAT32:
      for (size_t i = 0; i < count; i++) ((float *)data)[at + i] = (float)in[i];
      break;
    case OB_FLOAT64:
      if (count > 0) memcpy((double *)data + at, in, count * sizeof *in);
      break;
    case OB_FLOAT16:
      for (size_t i = 0; i < count; i++) ((uint16_t *)data)[at + i] = ob_f32_to_f16((float)in[i]);
      break;
    case OB_BFLOAT16:
      for (size_t i = 0; i < count; i++) ((uint16_t *)data)[at + i] = ob_f32_to_bf16((float)in[i]);
      break;
    case OB_FLOAT4E2M1:
      for (size_t i = 0; i < count; i++) ob_subbyte_set(dtype, data, at + i, ob_f32_to_minifloat(dtype, (float)in[i], true));
      break;
    default:
      for (size_t i = 0; i < count; i++) ((uint8_t *)data)[at + i] = ob_f32_to_minifloat(dtype, (float)in[i], true);
  }
}

void ob_ref_store(ob_dtype_t dtype, void *data, size_t at, size_t count, const double *in) {
  if (ob_ref_is_real(dtype)) {
    store_real(dtype, data, at, count, in);
    return;
  }
  int64_t low, high;
  ob_ref_limits(dtype, &low, &high);
  for (size_t i = 0; i < count; i++) {
    int64_t value = to_int(in[i], low, high);
    if (dtype == OB_BOOL) value = in[i] != 0;
    if (dtype == OB_UINT64 && in[i] >= 0x1p63) value = (int64_t)(in[i] >= 0x1p64 ? UINT64_MAX : (uint64_t)in[i]);
    ob_ref_store_int(dtype, data, at + i, 1, &value);
  }
}

void ob_ref_store_int(ob_dtype_t dtype, void *data, size_t at, size_t count, const int64_t *in) {
  switch (dtype) {
#define STORE(code, type)                                                              \
  case code:                                                                           \
    for (size_t i = 0; i < count; i++) ((type *)data)[at + i] = (type)in[i];           \
    break;
    STORE(OB_INT8, int8_t) STORE(OB_INT16, int16_t) STORE(OB_INT32, int32_t) STORE(OB_INT64, int64_t) STORE(OB_UINT8, uint8_t)
    STORE(OB_UINT16, uint16_t) STORE(OB_UINT32, uint32_t) STORE(OB_UINT64, uint64_t)
#undef STORE
    case OB_BOOL:
      for (size_t i = 0; i < count; i++) ((uint8_t *)data)[at + i] = in[i] != 0;
      break;
    case OB_UINT4:
    case OB_INT4:
    case OB_UINT2:
    case OB_INT2:
      for (size_t i = 0; i < count; i++) ob_subbyte_set(dtype, data, at + i, (int)(in[i] & 15));
      break;
    default:
      for (size_t i = 0; i < count; i++) {
        double value = (double)in[i];
        store_real(dtype, data, at + i, 1, &value);
      }
  }
}

double ob_ref_round(ob_dtype_t dtype, double value) {
  double room = 0;
  ob_ref_set(dtype, &room, 0, value);
  return ob_ref_get(dtype, &room, 0);
}

void ob_ref_store_unsaturated(ob_dtype_t dtype, void *data, size_t at, double value) {
  if (OB_DTYPE_BIT(dtype) & (OB_DTYPE_BIT(OB_FLOAT8E4M3FN) | OB_DTYPE_BIT(OB_FLOAT8E4M3FNUZ) | OB_DTYPE_BIT(OB_FLOAT8E5M2) |
                             OB_DTYPE_BIT(OB_FLOAT8E5M2FNUZ) | OB_DTYPE_BIT(OB_FLOAT8E8M0)))
    ((uint8_t *)data)[at] = ob_f32_to_minifloat(dtype, (float)value, false);
  else
    ob_ref_set(dtype, data, at, value);
}

void ob_ref_copy(ob_dtype_t dtype, void *to, size_t to_at, const void *from, size_t from_at, size_t count) {
  unsigned bits = ob_dtype_bits(dtype);
  if (bits >= 8) {
    size_t size = bits / 8;
    if (count == 1 && size == 4) { /* the common case of scattered moves */
      memcpy((char *)to + to_at * 4, (const char *)from + from_at * 4, 4);
    } else if (count > 0) {
      memmove((char *)to + to_at * size, (const char *)from + from_at * size, count * size);
    }
    return;
  }
  for (size_t i = 0; i < count; i++) ob_subbyte_set(dtype, to, to_at + i, ob_subbyte_get(dtype, from, from_at + i));
}

void ob_ref_zero(ob_dtype_t dtype, void *to, size_t at, size_t count) {
  unsigned bits = ob_dtype_bits(dtype);
  if (bits >= 8) {
    if (count > 0) memset((char *)to + at * (bits / 8), 0, count * (bits / 8));
    return;
  }
  for (size_t i = 0; i < count; i++) ob_subbyte_set(dtype, to, at + i, 0);
}
