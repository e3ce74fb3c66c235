/* The register-blocked inner loop of matrix products: a tile of C stays in registers while k runs. */
#include "cpu/simd/gemm.h"
#include "cpu/simd/parts.h"

#define MR OB_GEMM_MR
#define NV OB_GEMM_NV
#define NR (NV * V_LANES)

V_FN void load_tile(const ob_gemm_tile_t *t, vf c[MR][NV]) {
#pragma GCC unroll 16
  for (int i = 0; i < MR; i++)
#pragma GCC unroll 4
    for (int j = 0; j < NV; j++) c[i][j] = v_load(t->c + (size_t)i * t->ldc + (size_t)j * V_LANES);
}

V_FN void multiply(const ob_gemm_tile_t *t, vf c[MR][NV]) {
  const float *a = t->a, *b = t->b;
  for (size_t k = 0; k < t->k; k++, a += MR, b += t->ldb) {
    vf v[NV];
#pragma GCC unroll 4
    for (int j = 0; j < NV; j++) v[j] = v_load(b + (size_t)j * V_LANES);
#pragma GCC unroll 16
    for (int i = 0; i < MR; i++) {
      const vf x = v_set1(a[i]);
#pragma GCC unroll 4
      for (int j = 0; j < NV; j++) c[i][j] = v_fma(x, v[j], c[i][j]);
    }
  }
}

/* A tile at the edge of C, computed whole in a buffer. */
static __attribute__((noinline)) void edge(const ob_gemm_tile_t *t) {
  float buffer[MR * NR];
  ob_gemm_tile_t whole = *t;
  whole.c = buffer;
  whole.ldc = NR;
  whole.rows = MR;
  whole.columns = NR;
  whole.accumulate = 0;
  OB_ISA(gemm)(&whole);
  for (size_t i = 0; i < t->rows; i++) {
    float *to = t->c + i * t->ldc;
    const float *from = buffer + i * NR;
    if (t->accumulate)
      for (size_t j = 0; j < t->columns; j++) to[j] += from[j];
    else
      memcpy(to, from, t->columns * sizeof *to);
  }
}

void OB_ISA(gemm)(const ob_gemm_tile_t *t) {
  if (t->rows < MR || t->columns < NR) {
    edge(t);
    return;
  }
  vf c[MR][NV];
  if (t->accumulate)
    load_tile(t, c);
  else {
#pragma GCC unroll 16
    for (int i = 0; i < MR; i++)
#pragma GCC unroll 4
      for (int j = 0; j < NV; j++) c[i][j] = v_set1(0.0f);
  }
  multiply(t, c);
#pragma GCC unroll 16
  for (int i = 0; i < MR; i++)
#pragma GCC unroll 4
    for (int j = 0; j < NV; j++) v_store(t->c + (size_t)i * t->ldc + (size_t)j * V_LANES, c[i][j]);
}

/* Four rows of w at a time, so that y is loaded and stored a quarter as often. */
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
