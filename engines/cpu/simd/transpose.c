/* Transposition of float32 matrices, in tiles that are turned in registers. */
#include "cpu/simd/parts.h"

#if defined(OB_CPU_AVX512)
V_FN void turn(vf *v) {
  vf t[16];
#pragma GCC unroll 8
  for (int i = 0; i < 8; i++) {
    t[2 * i] = _mm512_unpacklo_ps(v[2 * i], v[2 * i + 1]);
    t[2 * i + 1] = _mm512_unpackhi_ps(v[2 * i], v[2 * i + 1]);
  }
#define PD(x) _mm512_castps_pd(x)
#define PS(x) _mm512_castpd_ps(x)
#pragma GCC unroll 4
  for (int i = 0; i < 4; i++) {
    v[4 * i] = PS(_mm512_unpacklo_pd(PD(t[4 * i]), PD(t[4 * i + 2])));
    v[4 * i + 1] = PS(_mm512_unpackhi_pd(PD(t[4 * i]), PD(t[4 * i + 2])));
    v[4 * i + 2] = PS(_mm512_unpacklo_pd(PD(t[4 * i + 1]), PD(t[4 * i + 3])));
    v[4 * i + 3] = PS(_mm512_unpackhi_pd(PD(t[4 * i + 1]), PD(t[4 * i + 3])));
  }
#undef PD
#undef PS
  /* v[4 g + j] holds columns j, j + 4, j + 8, j + 12 of rows 4 g to 4 g + 3 */
#pragma GCC unroll 4
  for (int j = 0; j < 4; j++) {
    t[j] = _mm512_shuffle_f32x4(v[j], v[4 + j], 0x44);
    t[4 + j] = _mm512_shuffle_f32x4(v[j], v[4 + j], 0xee);
    t[8 + j] = _mm512_shuffle_f32x4(v[8 + j], v[12 + j], 0x44);
    t[12 + j] = _mm512_shuffle_f32x4(v[8 + j], v[12 + j], 0xee);
  }
#pragma GCC unroll 4
  for (int j = 0; j < 4; j++) {
    v[j] = _mm512_shuffle_f32x4(t[j], t[8 + j], 0x88);
    v[4 + j] = _mm512_shuffle_f32x4(t[j], t[8 + j], 0xdd);
    v[8 + j] = _mm512_shuffle_f32x4(t[4 + j], t[12 + j], 0x88);
    v[12 + j] = _mm512_shuffle_f32x4(t[4 + j], t[12 + j], 0xdd);
  }
}
#elif defined(OB_CPU_AVX2)
V_FN void turn(vf *v) {
  vf t[8];
#pragma GCC unroll 4
  for (int i = 0; i < 4; i++) {
    t[2 * i] = _mm256_unpacklo_ps(v[2 * i], v[2 * i + 1]);
    t[2 * i + 1] = _mm256_unpackhi_ps(v[2 * i], v[2 * i + 1]);
  }
#pragma GCC unroll 2
  for (int i = 0; i < 2; i++) {
    v[4 * i] = _mm256_shuffle_ps(t[4 * i], t[4 * i + 2], 0x44);
    v[4 * i + 1] = _mm256_shuffle_ps(t[4 * i], t[4 * i + 2], 0xee);
    v[4 * i + 2] = _mm256_shuffle_ps(t[4 * i + 1], t[4 * i + 3], 0x44);
    v[4 * i + 3] = _mm256_shuffle_ps(t[4 * i + 1], t[4 * i + 3], 0xee);
  }
#pragma GCC unroll 4
  for (int j = 0; j < 4; j++) {
    t[j] = _mm256_permute2f128_ps(v[j], v[4 + j], 0x20);
    t[4 + j] = _mm256_permute2f128_ps(v[j], v[4 + j], 0x31);
  }
#pragma GCC unroll 8
  for (int j = 0; j < 8; j++) v[j] = t[j];
}
#else
V_FN void turn(vf *v) {
  const vf a = v[0], b = v[1], c = v[2], d = v[3];
  for (int j = 0; j < 4; j++) v[j] = (vf){a[j], b[j], c[j], d[j]};
}
#endif

/* A tile of `rows` x `columns`, at most V_LANES each; what is missing counts as zero and is not stored. */
V_FN void turn_tile(const float *x, size_t ldx, float *y, size_t ldy, size_t rows, size_t columns) {
  vf v[V_LANES];
  if (rows == V_LANES && columns == V_LANES) {
#pragma GCC unroll 16
    for (size_t i = 0; i < V_LANES; i++) v[i] = v_load(x + i * ldx);
    turn(v);
#pragma GCC unroll 16
    for (size_t j = 0; j < V_LANES; j++) v_store(y + j * ldy, v[j]);
    return;
  }
#pragma GCC unroll 16
  for (size_t i = 0; i < V_LANES; i++) v[i] = i < rows ? v_load_n(x + i * ldx, columns) : v_set1(0.0f);
  turn(v);
#pragma GCC unroll 16
  for (size_t j = 0; j < V_LANES; j++)
    if (j < columns) v_store_n(y + j * ldy, v[j], rows);
}

static size_t least(size_t a, size_t b) { return a < b ? a : b; }

void OB_ISA(transpose)(const float *x, size_t ldx, float *y, size_t ldy, size_t m, size_t n) {
  for (size_t i = 0; i < m; i += V_LANES)
    for (size_t j = 0; j < n; j += V_LANES) turn_tile(x + i * ldx + j, ldx, y + j * ldy + i, ldy, least(m - i, V_LANES), least(n - j, V_LANES));
}

/* Panels are as wide as tiles have rows, so each tile of V_LANES columns is turned and stored with its padding. */
void OB_ISA(pack_rows)(const float *x, size_t ld, size_t m, size_t n, float alpha, float *to, size_t width) {
  const vf scale = v_set1(alpha);
  for (size_t i = 0; i < width; i += V_LANES) {
    const size_t rows = i < m ? least(m - i, V_LANES) : 0, kept = least(width - i, V_LANES);
    for (size_t j = 0; j < n; j += V_LANES) {
      const size_t columns = least(n - j, V_LANES);
      vf v[V_LANES];
#pragma GCC unroll 16
      for (size_t r = 0; r < V_LANES; r++) {
        v[r] = v_set1(0.0f);
        if (r < rows) v[r] = scale * (columns == V_LANES ? v_load(x + (i + r) * ld + j) : v_load_n(x + (i + r) * ld + j, columns));
      }
      turn(v);
#pragma GCC unroll 16
      for (size_t c = 0; c < V_LANES; c++)
        if (c < columns) v_store_n(to + (j + c) * width + i, v[c], kept);
    }
  }
}
