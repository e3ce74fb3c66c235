/* Casts between float32, float64, integers and bool. Integers keep their low bytes, as C and numpy have it; so do floats
 * (cut towards zero) as far as an int64 goes; beyond they become the type's smallest or largest value, and NaN becomes 0, as `ref` has it. */
#include "cpu/simd/parts.h"

/* The low bits of what an int64 holds; beyond, the type's own bounds. */
static int64_t far_real(double x, int64_t low, uint64_t high) {
  if (x > -0x1p63 && x < 0x1p63) return (int64_t)x;
  if (x >= 0x1p63 && high == UINT64_MAX && x < 0x1p64) return (int64_t)(uint64_t)x;
  return x > 0 ? (int64_t)high : x < 0 ? low : 0;
}

#define INTEGER(from, to) (to)(from)
#define FLOAT(from, to) (to)(from)
#define BOOL(from, to) (to)((from) != 0)
/* What an int32 holds goes straight through; the rest is rare. */
#define CONVERTED(low, high, from, to) \
  ((double)(from) > -0x1p31 && (double)(from) < 0x1p31 ? (to)(int32_t)(from) : (to)far_real((double)(from), (int64_t)(low), (uint64_t)(high)))
#define TO_I8(from, to) CONVERTED(INT8_MIN, INT8_MAX, from, to)
#define TO_I16(from, to) CONVERTED(INT16_MIN, INT16_MAX, from, to)
#define TO_I32(from, to) CONVERTED(INT32_MIN, INT32_MAX, from, to)
#define TO_I64(from, to) CONVERTED(INT64_MIN, INT64_MAX, from, to)
#define TO_U8(from, to) CONVERTED(0, UINT8_MAX, from, to)
#define TO_U16(from, to) CONVERTED(0, UINT16_MAX, from, to)
#define TO_U32(from, to) CONVERTED(0, UINT32_MAX, from, to)
#define TO_U64(from, to) CONVERTED(0, UINT64_MAX, from, to)

#define CAST(from, to, F, T, convert)                                       \
  static void cast_##from##_##to(const ob_tile_t *tile) {                   \
    const F *x = tile->in[0];                                               \
    T *y = tile->out;                                                       \
    const size_t n = tile->n;                                               \
    OB_ANY_ORDER for (size_t i = 0; i < n; i++) y[i] = convert(x[i], T);                 \
  }

#define FROM_INTEGER(from, F)                \
  CAST(from, f32, F, float, FLOAT)           \
  CAST(from, f64, F, double, FLOAT)          \
  CAST(from, i8, F, int8_t, INTEGER)         \
  CAST(from, i16, F, int16_t, INTEGER)       \
  CAST(from, i32, F, int32_t, INTEGER)       \
  CAST(from, i64, F, int64_t, INTEGER)       \
  CAST(from, u8, F, uint8_t, INTEGER)        \
  CAST(from, u16, F, uint16_t, INTEGER)      \
  CAST(from, u32, F, uint32_t, INTEGER)      \
  CAST(from, u64, F, uint64_t, INTEGER)      \
  CAST(from, b8, F, uint8_t, BOOL)
#define FROM_REAL(from, F)            \
  CAST(from, f32, F, float, FLOAT)    \
  CAST(from, f64, F, double, FLOAT)   \
  CAST(from, i8, F, int8_t, TO_I8)    \
  CAST(from, i16, F, int16_t, TO_I16) \
  CAST(from, i32, F, int32_t, TO_I32) \
  CAST(from, i64, F, int64_t, TO_I64) \
  CAST(from, u8, F, uint8_t, TO_U8)   \
  CAST(from, u16, F, uint16_t, TO_U16) \
  CAST(from, u32, F, uint32_t, TO_U32) \
  CAST(from, u64, F, uint64_t, TO_U64) \
  CAST(from, b8, F, uint8_t, BOOL)

FROM_REAL(f32, float)
FROM_REAL(f64, double)
FROM_INTEGER(i8, int8_t)
FROM_INTEGER(i16, int16_t)
FROM_INTEGER(i32, int32_t)
FROM_INTEGER(i64, int64_t)
FROM_INTEGER(u8, uint8_t)
FROM_INTEGER(u16, uint16_t)
FROM_INTEGER(u32, uint32_t)
FROM_INTEGER(u64, uint64_t)

#define ROW(from)                                                                                                      \
  {                                                                                                                    \
    [OB_FLOAT32] = cast_##from##_f32, [OB_FLOAT64] = cast_##from##_f64, [OB_INT8] = cast_##from##_i8,                  \
    [OB_INT16] = cast_##from##_i16, [OB_INT32] = cast_##from##_i32, [OB_INT64] = cast_##from##_i64,                    \
    [OB_UINT8] = cast_##from##_u8, [OB_UINT16] = cast_##from##_u16, [OB_UINT32] = cast_##from##_u32,                   \
    [OB_UINT64] = cast_##from##_u64, [OB_BOOL] = cast_##from##_b8,                                                     \
  }
static const ob_tile_fn table[OB_DTYPE_COUNT][OB_DTYPE_COUNT] = {
    [OB_FLOAT32] = ROW(f32), [OB_FLOAT64] = ROW(f64), [OB_INT8] = ROW(i8),    [OB_INT16] = ROW(i16),
    [OB_INT32] = ROW(i32),   [OB_INT64] = ROW(i64),   [OB_UINT8] = ROW(u8),   [OB_UINT16] = ROW(u16),
    [OB_UINT32] = ROW(u32),  [OB_UINT64] = ROW(u64),  [OB_BOOL] = ROW(u8),
};

ob_tile_fn OB_ISA(cast)(ob_dtype_t from, ob_dtype_t to) { return table[from][to]; }
