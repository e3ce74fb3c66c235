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

/* Four steps of k in registers of their own, so that no sum waits for the one before. */
V_FN void panel_product(const float *x, const float *b, size_t k, vf out[NV]) {
  vf a[4][NV];
#pragma GCC unroll 4
  for (int u = 0; u < 4; u++)
#pragma GCC unroll 4
    for (int j = 0; j < NV; j++) a[u][j] = v_set1(0.0f);
  size_t i = 0;
  for (; i + 4 <= k; i += 4, b += 4 * NR) {
#pragma GCC unroll 4
    for (int u = 0; u < 4; u++)
#pragma GCC unroll 4
      for (int j = 0; j < NV; j++) a[u][j] = v_fma(v_set1(x[i + (size_t)u]), v_load(b + (size_t)u * NR + (size_t)j * V_LANES), a[u][j]);
  }
  for (; i < k; i++, b += NR)
#pragma GCC unroll 4
    for (int j = 0; j < NV; j++) a[0][j] = v_fma(v_set1(x[i]), v_load(b + (size_t)j * V_LANES), a[0][j]);
#pragma GCC unroll 4
  for (int j = 0; j < NV; j++) out[j] = (a[0][j] + a[1][j]) + (a[2][j] + a[3][j]);
}

void OB_ISA(gemv)(const float *x, const float *panels, size_t k, size_t first, size_t n, float *y) {
  const size_t end = first + n;
  for (size_t p = first / NR * NR; p < end; p += NR) {
    vf v[NV];
    panel_product(x, panels + p * k, k, v);
    if (p >= first && p + NR <= end) {
      float *to = y + (p - first);
#pragma GCC unroll 4
      for (int j = 0; j < NV; j++) v_store(to + (size_t)j * V_LANES, v_load(to + (size_t)j * V_LANES) + v[j]);
      continue;
    }
    float lanes[NR];
#pragma GCC unroll 4
    for (int j = 0; j < NV; j++) v_store(lanes + (size_t)j * V_LANES, v[j]);
    for (size_t c = p < first ? first : p; c < end && c < p + NR; c++) y[c - first] += lanes[c - p];
  }
}
