/* Tile functions of the element types other than float32, comparisons of all, Where. The compiler vectorises them. */
#include <math.h>
#include <string.h>

#include "cpu/simd/parts.h"

#define IS_FLOAT
#define T float
#define NAME(op) f32_##op
#include "cpu/simd/typed.inc"
#undef T
#undef NAME
#define T double
#define NAME(op) f64_##op
#include "cpu/simd/typed.inc"
#undef T
#undef NAME
#undef IS_FLOAT

#define IS_SIGNED
#define T int8_t
#define NAME(op) i8_##op
#include "cpu/simd/typed.inc"
#undef T
#undef NAME
#define T int16_t
#define NAME(op) i16_##op
#include "cpu/simd/typed.inc"
#undef T
#undef NAME
#define T int32_t
#define NAME(op) i32_##op
#include "cpu/simd/typed.inc"
#undef T
#undef NAME
#define T int64_t
#define NAME(op) i64_##op
#include "cpu/simd/typed.inc"
#undef T
#undef NAME
#undef IS_SIGNED

#define T uint8_t
#define NAME(op) u8_##op
#include "cpu/simd/typed.inc"
#undef T
#undef NAME
#define T uint16_t
#define NAME(op) u16_##op
#include "cpu/simd/typed.inc"
#undef T
#undef NAME
#define T uint32_t
#define NAME(op) u32_##op
#include "cpu/simd/typed.inc"
#undef T
#undef NAME
#define T uint64_t
#define NAME(op) u64_##op
#include "cpu/simd/typed.inc"
#undef T
#undef NAME

/* bool: one byte, 0 or 1 */
static void bool_not(const ob_tile_t *tile) {
  const uint8_t *a = tile->in[0];
  uint8_t *y = tile->out;
  const size_t n = tile->n;
  OB_ANY_ORDER for (size_t i = 0; i < n; i++) y[i] = a[i] == 0;
}
static const ob_tile_fn bool_table[OB_TYPED_COUNT] = {
    [OB_TYPED_AND] = u8_and, [OB_TYPED_OR] = u8_or, [OB_TYPED_XOR] = u8_xor, [OB_TYPED_NOT] = bool_not, [OB_TYPED_EQUAL] = u8_equal,
};

static const ob_tile_fn *const tables[OB_DTYPE_COUNT] = {
    [OB_FLOAT32] = f32_table, [OB_FLOAT64] = f64_table, [OB_INT8] = i8_table,    [OB_INT16] = i16_table,
    [OB_INT32] = i32_table,   [OB_INT64] = i64_table,   [OB_UINT8] = u8_table,   [OB_UINT16] = u16_table,
    [OB_UINT32] = u32_table,  [OB_UINT64] = u64_table,  [OB_BOOL] = bool_table,
};

ob_tile_fn OB_ISA(typed)(ob_typed_t op, ob_dtype_t dtype) { return tables[dtype] ? tables[dtype][op] : NULL; }

ob_tile_fn OB_ISA(test)(int nan, ob_dtype_t dtype) {
  if (dtype == OB_FLOAT32) return nan ? f32_is_nan : f32_is_inf;
  return dtype != OB_FLOAT64 ? NULL : nan ? f64_is_nan : f64_is_inf;
}

#define BY_SIZE(T, bits)                                                                  \
  static void where_##bits(const ob_tile_t *tile) {                                       \
    const uint8_t *c = tile->in[0];                                                       \
    const T *a = tile->in[1], *b = tile->in[2];                                           \
    T *y = tile->out;                                                                     \
    const size_t n = tile->n;                                                             \
    OB_ANY_ORDER for (size_t i = 0; i < n; i++) y[i] = c[i] ? a[i] : b[i];                       \
  }                                                                                       \
  static void copy_##bits(const ob_tile_t *tile) { memmove(tile->out, tile->in[0], tile->n * sizeof(T)); }
BY_SIZE(uint8_t, 8)
BY_SIZE(uint16_t, 16)
BY_SIZE(uint32_t, 32)
BY_SIZE(uint64_t, 64)

ob_tile_fn OB_ISA(where)(size_t size) {
  static const ob_tile_fn by_size[9] = {[1] = where_8, [2] = where_16, [4] = where_32, [8] = where_64};
  return size <= 8 ? by_size[size] : NULL;
}

ob_tile_fn OB_ISA(copy)(size_t size) {
  static const ob_tile_fn by_size[9] = {[1] = copy_8, [2] = copy_16, [4] = copy_32, [8] = copy_64};
  return size <= 8 ? by_size[size] : NULL;
}
