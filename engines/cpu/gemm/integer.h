/* Products of 8-bit integers: both sides as int16 less their zero points, rows along k, sums exact. */
#ifndef OB_CPU_GEMM_INTEGER_H
#define OB_CPU_GEMM_INTEGER_H

#include "cpu/cpu.h"

/* Columns of a block. */
enum { OB_INTEGER_COLUMNS = 64 };

/* What becomes of the sums: int32 as they are; (u)int8: (sum + bias) * scale, rounded to even, plus the zero point, saturated. */
typedef struct ob_integer_end {
  ob_dtype_t dtype;
  void *y; /* row stride `ldy`, in elements */
  size_t ldy;
  const double *scales;
  size_t scale_row, scale_column; /* 0 or 1: how the scale moves */
  const int32_t *bias;            /* one a row, or NULL */
  int32_t zero;
} ob_integer_end_t;

/* int16 a row takes: zeros fill it up, so that loops have no rest. */
static inline size_t ob_integer_pitch(size_t k) { return (k + 31) / 32 * 32; }
/* x - zero for `count` elements `step` apart, zeros up to `pitch`. */
void ob_integer_widen(ob_dtype_t dtype, const void *x, size_t at, size_t step, size_t count, int32_t zero, int16_t *to, size_t pitch);
/* y(i, j) for i in [row, row_end) and the `columns` columns from `column` on, at most OB_INTEGER_COLUMNS. a: from row 0; b: from `column` on. */
typedef struct ob_integer_block {
  const ob_isa_t *isa;
  const int16_t *a, *b;
  size_t pitch, row, row_end, column, columns;
} ob_integer_block_t;
void ob_integer_multiply(const ob_integer_block_t *block, const ob_integer_end_t *end);

/* Element `i` of an 8-bit or 32-bit integer tensor; of a tensor of one element that one. 0 of a tensor left out. */
int32_t ob_integer_at(const ob_tensor_t *tensor, size_t i);
/* False, with words, unless `value` is left out, or a scalar, or (where `many`) of rank 1. */
bool ob_integer_is_single(const ob_node_view_t *node, size_t input, bool many, char *reason, size_t size);
/* x of int8 or uint8? */
bool ob_integer_is_byte(const ob_node_view_t *node, size_t input, char *reason, size_t size);
/* Are these inputs float32? */
bool ob_integer_is_f32(const ob_node_view_t *node, size_t input, char *reason, size_t size);

#endif
