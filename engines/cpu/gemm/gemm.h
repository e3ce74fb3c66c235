/* Single-precision matrix products in blocks that fit the caches, over the register tiles of simd/gemm.c. */
#ifndef OB_CPU_GEMM_GEMM_H
#define OB_CPU_GEMM_GEMM_H

#include "cpu/cpu.h"

/* C = alpha A B + bias, within [low, high]; A: m x k, B: k x n, C: m x n with row stride ldc. */
typedef struct ob_gemm {
  size_t m, n, k;
  /* A: packed panels [m / MR][k][MR], or plain with strides */
  const float *packed_a, *a;
  size_t a_row, a_column;
  float alpha; /* plain A only */
  /* B: packed panels [n / NR][k][NR], or plain with strides, or a function that packs columns [first, first + count) of rows
   * [k0, k0 + kc) into a panel of NR columns (zeros past count) */
  const float *packed_b, *b;
  size_t b_row, b_column;
  void (*pack_b)(const void *arg, size_t k0, size_t kc, size_t first, size_t count, float *panel);
  const void *pack_arg;
  float *c;
  size_t ldc;
  bool accumulate;                     /* C += */
  const float *row_bias, *column_bias; /* or NULL */
  float low, high;
} ob_gemm_t;

/* Where a product is cut for threads: rows and columns of blocks. */
typedef struct ob_gemm_cut {
  size_t row_blocks, column_blocks, rows, columns; /* of a block; multiples of MR and NR */
} ob_gemm_cut_t;

/* Cuts for `batch` products run side by side on so many threads. */
ob_gemm_cut_t ob_gemm_cut(const ob_isa_t *isa, size_t m, size_t n, size_t batch, uint32_t threads);
/* Bytes of scratch a thread needs for blocks of this cut. */
size_t ob_gemm_scratch(const ob_isa_t *isa, const ob_gemm_cut_t *cut, size_t k);
/* Block `index` of the cut, on the calling thread. `scratch` is aligned to 64. */
void ob_gemm_block(const ob_isa_t *isa, const ob_gemm_t *gemm, const ob_gemm_cut_t *cut, size_t index, void *scratch);

/* Elements that A (m x k) or B (k x n) take as panels. */
static inline size_t ob_gemm_packed_a_size(const ob_isa_t *isa, size_t m, size_t k) {
  return (m + isa->gemm_rows - 1) / isa->gemm_rows * isa->gemm_rows * k;
}
static inline size_t ob_gemm_packed_b_size(const ob_isa_t *isa, size_t n, size_t k) {
  return (n + isa->gemm_columns - 1) / isa->gemm_columns * isa->gemm_columns * k;
}

#endif
