/* The register-blocked inner loop of matrix products: a tile of C stays in registers while k runs. */
#include "cpu/simd/gemm.h"

#include "cpu/simd/parts.h"

#define MR OB_GEMM_MR
#define NV OB_GEMM_NV
#define NR (NV * V_LANES)

V_FN vf load_part(const float *p, size_t first, size_t columns) {
  if (first + V_LANES <= columns) return v_load(p + first);
  return first < columns ? v_load_n(p + first, columns - first) : v_set1(0.0f);
}

V_FN void store_part(float *p, vf v, size_t first, size_t columns) {
  if (first + V_LANES <= columns)
    v_store(p + first, v);
  else if (first < columns)
    v_store_n(p + first, v, columns - first);
}

V_FN vf finished(const ob_gemm_tile_t *t, vf v, int i, int j) {
  if (t->row_bias) v = v + v_set1(t->row_bias[i]);
  if (t->column_bias) v = v + load_part(t->column_bias, (size_t)j * V_LANES, t->columns);
  return v_min(v_set1(t->high), v_max(v_set1(t->low), v));
}

V_FN void store_tile(const ob_gemm_tile_t *t, vf c[MR][NV], int rows) {
#pragma GCC unroll 16
  for (int i = 0; i < rows; i++) {
    float *to = t->c + (size_t)i * t->ldc;
#pragma GCC unroll 4
    for (int j = 0; j < NV; j++) {
      vf v = c[i][j];
      if (t->accumulate) v = v + load_part(to, (size_t)j * V_LANES, t->columns);
      if (t->last) v = finished(t, v, i, j);
      store_part(to, v, (size_t)j * V_LANES, t->columns);
    }
  }
}

/* `rows` is a constant where this is inlined, so that c lives in registers. */
V_FN void gemm_rows(const ob_gemm_tile_t *t, int rows) {
  vf c[MR][NV];
  const float *a = t->a, *b = t->b;
#pragma GCC unroll 16
  for (int i = 0; i < rows; i++)
#pragma GCC unroll 4
    for (int j = 0; j < NV; j++) c[i][j] = v_set1(0.0f);
  for (size_t k = 0; k < t->k; k++, a += MR, b += NR) {
    vf v[NV];
#pragma GCC unroll 4
    for (int j = 0; j < NV; j++) v[j] = v_load(b + (size_t)j * V_LANES);
#pragma GCC unroll 16
    for (int i = 0; i < rows; i++) {
      const vf x = v_set1(a[i]);
#pragma GCC unroll 4
      for (int j = 0; j < NV; j++) c[i][j] = v_fma(x, v[j], c[i][j]);
    }
  }
  store_tile(t, c, rows);
}

#define ROWS(n) \
  static void rows_##n(const ob_gemm_tile_t *t) { gemm_rows(t, n); }
ROWS(1) ROWS(2) ROWS(3) ROWS(4)
#if OB_GEMM_MR > 4
ROWS(5) ROWS(6)
#endif
#if OB_GEMM_MR > 6
ROWS(7) ROWS(8) ROWS(9) ROWS(10) ROWS(11) ROWS(12) ROWS(13) ROWS(14)
#endif

void OB_ISA(gemm)(const ob_gemm_tile_t *t) {
  static void (*const by_rows[])(const ob_gemm_tile_t *) = {
      rows_1, rows_2, rows_3, rows_4,
#if OB_GEMM_MR > 4
      rows_5, rows_6,
#endif
#if OB_GEMM_MR > 6
      rows_7, rows_8, rows_9, rows_10, rows_11, rows_12, rows_13, rows_14,
#endif
  };
  by_rows[t->rows - 1](t);
}

void OB_ISA(gemv)(const float *x, const float *w, float *y, size_t k, size_t n, size_t ld) {
  size_t j = 0;
  for (; j + 4 * V_LANES <= n; j += 4 * V_LANES) {
    vf a = v_load(y + j), b = v_load(y + j + V_LANES), c = v_load(y + j + 2 * V_LANES), d = v_load(y + j + 3 * V_LANES);
    const float *row = w + j;
    for (size_t i = 0; i < k; i++, row += ld) {
      const vf s = v_set1(x[i]);
      a = v_fma(s, v_load(row), a);
      b = v_fma(s, v_load(row + V_LANES), b);
      c = v_fma(s, v_load(row + 2 * V_LANES), c);
      d = v_fma(s, v_load(row + 3 * V_LANES), d);
    }
    v_store(y + j, a);
    v_store(y + j + V_LANES, b);
    v_store(y + j + 2 * V_LANES, c);
    v_store(y + j + 3 * V_LANES, d);
  }
  for (; j < n; j += V_LANES) {
    const size_t left = n - j < V_LANES ? n - j : V_LANES;
    vf a = v_load_n(y + j, left);
    for (size_t i = 0; i < k; i++) a = v_fma(v_set1(x[i]), v_load_n(w + i * ld + j, left), a);
    v_store_n(y + j, a, left);
  }
}
