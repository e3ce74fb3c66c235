/* Element-wise functions of two and three float32 tiles, each of which may be one number for all, and conversions of 16-bit floats. */
#include "base/dtype.h"
#include "cpu/simd/isa.h"
#include "cpu/simd/math.h"
#include "cpu/simd/parts.h"

#define BY_LANE(name, fn)                                                   \
  static __attribute__((noinline)) vf name(vf a, vf b) {                    \
    float x[V_LANES], y[V_LANES];                                           \
    v_store(x, a);                                                          \
    v_store(y, b);                                                          \
    for (size_t i = 0; i < V_LANES; i++) x[i] = fn(x[i], y[i]);             \
    return v_load(x);                                                       \
  }
BY_LANE(v_pow, powf)
BY_LANE(v_fmod, fmodf)

#define p_load(p) v_load((p) + i)
#define p_tail(p) v_load_n((p) + i, n - i)
#define A_TILE(i, load) load(a)
#define B_TILE(i, load) load(b)
#define A_SCALAR(i, load) first
#define B_SCALAR(i, load) second

#define X(name, expression)                                   \
  V_FN vf apply_##name(vf a, vf b) { return expression; }     \
  void OB_ISA(binary_##name)(const ob_tile_t *tile) {         \
    const float *a = tile->in[0], *b = tile->in[1];           \
    float *y = tile->out;                                     \
    const size_t n = tile->n;                                 \
    size_t i = 0;                                             \
    if (n == 0) return;                                       \
    const vf first = v_set1(*a), second = v_set1(*b);         \
    switch (tile->scalars & 3) {                              \
      case 0: LOOP(apply_##name, A_TILE, B_TILE) break;       \
      case 1: LOOP(apply_##name, A_SCALAR, B_TILE) break;     \
      case 2: LOOP(apply_##name, A_TILE, B_SCALAR) break;     \
      default: ob_isa_fill(y, n, apply_##name(first, second)); \
    }                                                         \
  }
#define LOOP(apply, A, B)                                                                           \
  for (; i + V_LANES <= n; i += V_LANES) v_store(y + i, apply(A(i, p_load), B(i, p_load)));         \
  if (i < n) v_store_n(y + i, apply(A(i, p_tail), B(i, p_tail)), n - i);
#include "cpu/simd/binary.def"
#undef X

V_FN vf operand(const float *p, size_t i, size_t left, unsigned scalar) {
  if (scalar) return v_set1(*p);
  return left >= V_LANES ? v_load(p + i) : v_load_n(p + i, left);
}

void OB_ISA(muladd)(const ob_tile_t *tile) {
  const float *a = tile->in[0], *b = tile->in[1], *c = tile->in[2];
  float *y = tile->out;
  const size_t n = tile->n;
  const unsigned s = tile->scalars;
  for (size_t i = 0; i < n; i += V_LANES) {
    const vf v = v_fma(operand(a, i, n - i, s & 1), operand(b, i, n - i, s & 2), operand(c, i, n - i, s & 4));
    if (n - i >= V_LANES)
      v_store(y + i, v);
    else
      v_store_n(y + i, v, n - i);
  }
}

void OB_ISA(f16_to_f32)(const ob_tile_t *tile) {
  const uint16_t *x = tile->in[0];
  float *y = tile->out;
  size_t i = 0;
#if defined(OB_CPU_AVX512)
  for (; i + 16 <= tile->n; i += 16) v_store(y + i, _mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)(const void *)(x + i))));
#elif defined(OB_CPU_AVX2)
  for (; i + 8 <= tile->n; i += 8) v_store(y + i, _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)(const void *)(x + i))));
#endif
  for (; i < tile->n; i++) y[i] = ob_f16_to_f32(x[i]);
}

void OB_ISA(f32_to_f16)(const ob_tile_t *tile) {
  const float *x = tile->in[0];
  uint16_t *y = tile->out;
  size_t i = 0;
#if defined(OB_CPU_AVX512)
  for (; i + 16 <= tile->n; i += 16) _mm256_storeu_si256((__m256i *)(void *)(y + i), _mm512_cvtps_ph(v_load(x + i), 0));
#elif defined(OB_CPU_AVX2)
  for (; i + 8 <= tile->n; i += 8) _mm_storeu_si128((__m128i *)(void *)(y + i), _mm256_cvtps_ph(v_load(x + i), 0));
#endif
  for (; i < tile->n; i++) y[i] = ob_f32_to_f16(x[i]);
}

void OB_ISA(bf16_to_f32)(const ob_tile_t *tile) {
  const uint16_t *x = tile->in[0];
  float *y = tile->out;
  for (size_t i = 0; i < tile->n; i++) {
    const uint32_t bits = (uint32_t)x[i] << 16;
    memcpy(y + i, &bits, sizeof bits);
  }
}

void OB_ISA(f32_to_bf16)(const ob_tile_t *tile) {
  const float *x = tile->in[0];
  uint16_t *y = tile->out;
  for (size_t i = 0; i < tile->n; i++) {
    uint32_t bits;
    memcpy(&bits, x + i, sizeof bits);
    const uint32_t rounded = (bits + 0x7fffu + (bits >> 16 & 1u)) >> 16;
    const uint32_t quiet = bits >> 16 | 0x40u;
    y[i] = (uint16_t)((bits & 0x7fffffffu) > 0x7f800000u ? quiet : rounded);
  }
}
