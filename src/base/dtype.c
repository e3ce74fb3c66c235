/* Element types: one table, and the conversions of the small floats. */
#include "base/dtype.h"

#include <math.h>
#include <string.h>

#include "base/checked.h"

static const struct {
  const char *name;
  unsigned bits;
} types[OB_DTYPE_COUNT] = {
    [OB_UNDEFINED] = {"undefined", 0},
    [OB_FLOAT32] = {"float32", 32},
    [OB_UINT8] = {"uint8", 8},
    [OB_INT8] = {"int8", 8},
    [OB_UINT16] = {"uint16", 16},
    [OB_INT16] = {"int16", 16},
    [OB_INT32] = {"int32", 32},
    [OB_INT64] = {"int64", 64},
    [OB_STRING] = {"string", 8 * sizeof(ob_string_t)},
    [OB_BOOL] = {"bool", 8},
    [OB_FLOAT16] = {"float16", 16},
    [OB_FLOAT64] = {"float64", 64},
    [OB_UINT32] = {"uint32", 32},
    [OB_UINT64] = {"uint64", 64},
    [OB_COMPLEX64] = {"complex64", 64},
    [OB_COMPLEX128] = {"complex128", 128},
    [OB_BFLOAT16] = {"bfloat16", 16},
    [OB_FLOAT8E4M3FN] = {"float8e4m3fn", 8},
    [OB_FLOAT8E4M3FNUZ] = {"float8e4m3fnuz", 8},
    [OB_FLOAT8E5M2] = {"float8e5m2", 8},
    [OB_FLOAT8E5M2FNUZ] = {"float8e5m2fnuz", 8},
    [OB_UINT4] = {"uint4", 4},
    [OB_INT4] = {"int4", 4},
    [OB_FLOAT4E2M1] = {"float4e2m1", 4},
    [OB_FLOAT8E8M0] = {"float8e8m0", 8},
    [OB_UINT2] = {"uint2", 2},
    [OB_INT2] = {"int2", 2},
    [OB_FLOAT6E2M3] = {"float6e2m3", 8},
    [OB_FLOAT6E3M2] = {"float6e3m2", 8},
};

unsigned ob_dtype_bits(ob_dtype_t dtype) { return (unsigned)dtype < OB_DTYPE_COUNT ? types[dtype].bits : 0; }

const char *ob_dtype_name(ob_dtype_t dtype) { return types[(unsigned)dtype < OB_DTYPE_COUNT ? dtype : OB_UNDEFINED].name; }

ob_dtype_t ob_dtype_from_name(const char *name) {
  for (int i = 1; i < OB_DTYPE_COUNT; i++)
    if (strcmp(name, types[i].name) == 0) return (ob_dtype_t)i;
  return OB_UNDEFINED;
}

size_t ob_dtype_bytes(ob_dtype_t dtype, size_t count) {
  unsigned bits = ob_dtype_bits(dtype);
  if (bits >= 8) return count * (bits / 8);
  return bits == 0 ? 0 : (count + 8 / bits - 1) / (8 / bits);
}

bool ob_tensor_bytes(ob_dtype_t dtype, int32_t rank, const int64_t *dims, size_t *bytes) {
  size_t count, room;
  if (!ob_dims_count(rank, dims, &count) || !ob_mul_size(count, 16, &room)) return false;
  *bytes = ob_dtype_bytes(dtype, count);
  return true;
}

typedef union { uint32_t u; float f; } word_t;

float ob_f16_to_f32(uint16_t bits) {
  uint32_t sign = (uint32_t)(bits & 0x8000) << 16, exponent = bits >> 10 & 31, fraction = bits & 1023u;
  word_t w;
  if (exponent == 31) {
    w.u = sign | 0x7f800000 | fraction << 13;
  } else if (exponent == 0) {
    w.f = (float)fraction * 0x1p-24f;
    w.u |= sign;
  } else {
    w.u = sign | (exponent + 112) << 23 | fraction << 13;
  }
  return w.f;
}

uint16_t ob_f32_to_f16(float value) {
  word_t w = {.f = value};
  uint32_t sign = w.u >> 16 & 0x8000;
  w.u &= 0x7fffffff;
  if (w.u > 0x7f800000) return (uint16_t)(sign | 0x7e00 | (w.u >> 13 & 0x3ff));
  if (w.u >= 0x477ff000) return (uint16_t)(sign | 0x7c00); /* 65520 and beyond round to infinity */
  if (w.u < 0x38800000) { /* subnormal: adding 0.5 puts the rounded fraction into the low bits */
    w.f += 0.5f;
    return (uint16_t)(sign | (w.u - 0x3f000000));
  }
  w.u += 0xc8000fff + (w.u >> 13 & 1);
  return (uint16_t)(sign | (w.u >> 13));
}

uint16_t ob_f32_to_bf16(float value) {
  word_t w = {.f = value};
  if ((w.u & 0x7fffffff) > 0x7f800000) return (uint16_t)(w.u >> 16 | 0x40);
  return (uint16_t)((w.u + 0x7fff + (w.u >> 16 & 1)) >> 16);
}

/* A small float: sign, exponent and mantissa bits, bias, and what its top codes mean. */
typedef struct {
  int exponent_bits, mantissa_bits, bias;
  enum { FINITE, IEEE, FN, FNUZ } special; /* nothing special; infinities and NaN; only NaN, all ones; only NaN, at minus zero */
} minifloat_t;

static minifloat_t describe(ob_dtype_t dtype) {
  switch (dtype) {
    case OB_FLOAT8E4M3FN: return (minifloat_t){4, 3, 7, FN};
    case OB_FLOAT8E4M3FNUZ: return (minifloat_t){4, 3, 8, FNUZ};
    case OB_FLOAT8E5M2: return (minifloat_t){5, 2, 15, IEEE};
    case OB_FLOAT8E5M2FNUZ: return (minifloat_t){5, 2, 16, FNUZ};
    case OB_FLOAT6E2M3: return (minifloat_t){2, 3, 1, FINITE};
    case OB_FLOAT6E3M2: return (minifloat_t){3, 2, 3, FINITE};
    default: return (minifloat_t){2, 1, 1, FINITE}; /* OB_FLOAT4E2M1 */
  }
}

float ob_minifloat_to_f32(ob_dtype_t dtype, uint8_t bits) {
  if (dtype == OB_FLOAT8E8M0) return bits == 255 ? NAN : ldexpf(1, bits - 127);
  minifloat_t f = describe(dtype);
  int sign_at = f.exponent_bits + f.mantissa_bits, top = (1 << f.exponent_bits) - 1;
  int exponent = bits >> f.mantissa_bits & top, mantissa = bits & ((1 << f.mantissa_bits) - 1);
  bool negative = bits >> sign_at & 1;
  if (f.special == FNUZ && negative && exponent == 0 && mantissa == 0) return NAN;
  if (f.special == FN && exponent == top && mantissa == (1 << f.mantissa_bits) - 1) return NAN;
  if (f.special == IEEE && exponent == top) return mantissa ? NAN : negative ? -INFINITY : INFINITY;
  float value = exponent == 0 ? ldexpf((float)mantissa, 1 - f.bias - f.mantissa_bits)
                              : ldexpf((float)(mantissa + (1 << f.mantissa_bits)), exponent - f.bias - f.mantissa_bits);
  return negative ? -value : value;
}

/* e8m0 holds powers of two only: the nearest one, ties to the even code. */
static uint8_t to_e8m0(float value, bool saturate) {
  if (isnan(value)) return 255;
  int exponent;
  float fraction = frexpf(fabsf(value), &exponent); /* [0.5, 1) */
  if (value == 0) return 0;
  if (isinf(value)) return saturate ? 254 : 255;
  int code = exponent - 1 + 127;
  if (fraction > 0.75f || (fraction == 0.75f && (code & 1))) code++;
  if (code < 0) return 0;
  if (code > 254) return saturate ? 254 : 255;
  return (uint8_t)code;
}

uint8_t ob_f32_to_minifloat(ob_dtype_t dtype, float value, bool saturate) {
  if (dtype == OB_FLOAT8E8M0) return to_e8m0(value, saturate);
  minifloat_t f = describe(dtype);
  int top = (1 << f.exponent_bits) - 1, ones = (1 << f.mantissa_bits) - 1;
  uint8_t sign = (uint8_t)((signbit(value) ? 1 : 0) << (f.exponent_bits + f.mantissa_bits));
  uint8_t largest = (uint8_t)(f.special == IEEE ? (top - 1) << f.mantissa_bits | ones
                              : f.special == FN ? top << f.mantissa_bits | (ones - 1)
                                                : top << f.mantissa_bits | ones);
  int not_a_number = f.special == FNUZ     ? 1 << (f.exponent_bits + f.mantissa_bits)
                     : f.special == FINITE ? 1 << (f.exponent_bits + f.mantissa_bits) /* no code for it: minus zero, as ml_dtypes does */
                     : f.special == FN     ? sign | top << f.mantissa_bits | ones
                                           : sign | top << f.mantissa_bits | 1 << (f.mantissa_bits - 1);
  uint8_t nan = (uint8_t)not_a_number;
  int infinity = saturate || f.special == FINITE ? sign | largest : f.special == IEEE ? sign | top << f.mantissa_bits : not_a_number;
  if (isnan(value)) return nan;
  if (isinf(value)) return (uint8_t)infinity;
  int exponent;
  frexpf(value, &exponent); /* |value| in [2^(exponent-1), 2^exponent) */
  int unit = exponent - 1 - f.mantissa_bits, least = 1 - f.bias - f.mantissa_bits;
  if (unit < least || value == 0) unit = least;
  int code = (int)nearbyintf(ldexpf(fabsf(value), -unit)); /* in units of 2^unit, ties to even */
  if (unit > least) code += (unit - least) << f.mantissa_bits;
  if (code > largest) return (uint8_t)infinity;
  if (code == 0 && f.special == FNUZ) return 0;
  return (uint8_t)(sign | code);
}

int ob_subbyte_get(ob_dtype_t dtype, const void *data, size_t index) {
  unsigned bits = ob_dtype_bits(dtype), per = 8 / bits;
  int code = ((const uint8_t *)data)[index / per] >> (index % per * bits) & ((1 << bits) - 1);
  bool is_signed = dtype == OB_INT4 || dtype == OB_INT2;
  return is_signed && code >> (bits - 1) ? code - (1 << bits) : code;
}

void ob_subbyte_set(ob_dtype_t dtype, void *data, size_t index, int value) {
  unsigned bits = ob_dtype_bits(dtype), per = 8 / bits, shift = (unsigned)(index % per) * bits, mask = (1u << bits) - 1;
  uint8_t *byte = (uint8_t *)data + index / per;
  *byte = (uint8_t)((*byte & ~(mask << shift)) | ((unsigned)value & mask) << shift);
}
