/* Vectors of float: one set of names for AVX-512, AVX2+FMA and portable C. Every file of this folder is compiled once for each.
 * Unless said otherwise v_max and v_min give their second operand when one is NaN, as the x86 instructions do. */
#ifndef OB_CPU_SIMD_VEC_H
#define OB_CPU_SIMD_VEC_H

#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if defined(OB_CPU_AVX512) || defined(OB_CPU_AVX2)
#include <immintrin.h>
#endif

#define V_FN static inline __attribute__((always_inline, unused))

#if defined(OB_CPU_AVX512)

#define V_LANES 16
#define OB_ISA(name) ob_cpu_avx512_##name
typedef __m512 vf;
typedef __m512i vi;
typedef __mmask16 vm;

V_FN vf v_load(const float *p) { return _mm512_loadu_ps(p); }
V_FN void v_store(float *p, vf v) { _mm512_storeu_ps(p, v); }
V_FN __mmask16 v_first(size_t n) { return (__mmask16)((1u << n) - 1u); }
V_FN vf v_load_n(const float *p, size_t n) { return _mm512_maskz_loadu_ps(v_first(n), p); }
V_FN void v_store_n(float *p, vf v, size_t n) { _mm512_mask_storeu_ps(p, v_first(n), v); }
V_FN void v_stream(float *p, vf v) { _mm512_stream_ps(p, v); }
V_FN vf v_set1(float x) { return _mm512_set1_ps(x); }
V_FN vi v_set1_i(int32_t x) { return _mm512_set1_epi32(x); }
V_FN vf v_fma(vf a, vf b, vf c) { return _mm512_fmadd_ps(a, b, c); }
V_FN vf v_fnma(vf a, vf b, vf c) { return _mm512_fnmadd_ps(a, b, c); }
V_FN vf v_max(vf a, vf b) { return _mm512_max_ps(a, b); }
V_FN vf v_min(vf a, vf b) { return _mm512_min_ps(a, b); }
V_FN vf v_sqrt(vf a) { return _mm512_sqrt_ps(a); }
V_FN vf v_floor(vf a) { return _mm512_roundscale_ps(a, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC); }
V_FN vf v_ceil(vf a) { return _mm512_roundscale_ps(a, _MM_FROUND_TO_POS_INF | _MM_FROUND_NO_EXC); }
V_FN vf v_round(vf a) { return _mm512_roundscale_ps(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }
V_FN vi v_bits(vf a) { return _mm512_castps_si512(a); }
V_FN vf v_float_bits(vi a) { return _mm512_castsi512_ps(a); }
V_FN vi v_to_int(vf a) { return _mm512_cvtps_epi32(a); } /* nearest */
V_FN vf v_from_int(vi a) { return _mm512_cvtepi32_ps(a); }
V_FN vi v_add_i(vi a, vi b) { return _mm512_add_epi32(a, b); }
V_FN vi v_sub_i(vi a, vi b) { return _mm512_sub_epi32(a, b); }
V_FN vi v_and_i(vi a, vi b) { return _mm512_and_si512(a, b); }
V_FN vi v_or_i(vi a, vi b) { return _mm512_or_si512(a, b); }
V_FN vi v_xor_i(vi a, vi b) { return _mm512_xor_si512(a, b); }
#define v_shl_i(a, count) _mm512_slli_epi32((a), (count))
#define v_sar_i(a, count) _mm512_srai_epi32((a), (count))
V_FN vm v_lt(vf a, vf b) { return _mm512_cmp_ps_mask(a, b, _CMP_LT_OQ); }
V_FN vm v_gt(vf a, vf b) { return _mm512_cmp_ps_mask(a, b, _CMP_GT_OQ); }
V_FN vm v_eq(vf a, vf b) { return _mm512_cmp_ps_mask(a, b, _CMP_EQ_OQ); }
V_FN vm v_nan(vf a) { return _mm512_cmp_ps_mask(a, a, _CMP_UNORD_Q); }
V_FN vm v_eq_i(vi a, vi b) { return _mm512_cmpeq_epi32_mask(a, b); }
V_FN vf v_select(vm m, vf yes, vf no) { return _mm512_mask_blend_ps(m, no, yes); }
V_FN int v_any(vm m) { return m != 0; }
V_FN float v_sum(vf a) { return _mm512_reduce_add_ps(a); }
V_FN float v_product(vf a) { return _mm512_reduce_mul_ps(a); }
V_FN float v_largest(vf a) { return _mm512_reduce_max_ps(a); }
V_FN float v_smallest(vf a) { return _mm512_reduce_min_ps(a); }
/* p * 2^n, also where 2^n alone would overflow or be subnormal. */
V_FN vf v_scale(vf p, vf n) { return _mm512_scalef_ps(p, n); }
/* Lanes i, i + 1, ... of a followed by b. */
#define v_shift(a, b, i) _mm512_castsi512_ps(_mm512_alignr_epi32(_mm512_castps_si512(b), _mm512_castps_si512(a), (i)))
V_FN vf v_even(vf a, vf b) {
  const __m512i index = _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
  return _mm512_permutex2var_ps(a, index, b);
}
V_FN vf v_odd(vf a, vf b) {
  const __m512i index = _mm512_setr_epi32(1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31);
  return _mm512_permutex2var_ps(a, index, b);
}
V_FN vf v_load_even(const float *p) { /* p[0], p[2], ... */
  const __m512i index = _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
  return _mm512_permutex2var_ps(v_load(p), index, _mm512_maskz_loadu_ps(0x7fff, p + 16));
}

#elif defined(OB_CPU_AVX2)

#define V_LANES 8
#define OB_ISA(name) ob_cpu_avx2_##name
typedef __m256 vf;
typedef __m256i vi;
typedef __m256 vm; /* all bits of a lane set, or none */

V_FN vf v_load(const float *p) { return _mm256_loadu_ps(p); }
V_FN void v_store(float *p, vf v) { _mm256_storeu_ps(p, v); }
V_FN __m256i v_first(size_t n) {
  return _mm256_cmpgt_epi32(_mm256_set1_epi32((int32_t)n), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}
V_FN vf v_load_n(const float *p, size_t n) { return _mm256_maskload_ps(p, v_first(n)); }
V_FN void v_store_n(float *p, vf v, size_t n) { _mm256_maskstore_ps(p, v_first(n), v); }
V_FN void v_stream(float *p, vf v) { _mm256_stream_ps(p, v); }
V_FN vf v_set1(float x) { return _mm256_set1_ps(x); }
V_FN vi v_set1_i(int32_t x) { return _mm256_set1_epi32(x); }
V_FN vf v_fma(vf a, vf b, vf c) { return _mm256_fmadd_ps(a, b, c); }
V_FN vf v_fnma(vf a, vf b, vf c) { return _mm256_fnmadd_ps(a, b, c); }
V_FN vf v_max(vf a, vf b) { return _mm256_max_ps(a, b); }
V_FN vf v_min(vf a, vf b) { return _mm256_min_ps(a, b); }
V_FN vf v_sqrt(vf a) { return _mm256_sqrt_ps(a); }
V_FN vf v_floor(vf a) { return _mm256_floor_ps(a); }
V_FN vf v_ceil(vf a) { return _mm256_ceil_ps(a); }
V_FN vf v_round(vf a) { return _mm256_round_ps(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }
V_FN vi v_bits(vf a) { return _mm256_castps_si256(a); }
V_FN vf v_float_bits(vi a) { return _mm256_castsi256_ps(a); }
V_FN vi v_to_int(vf a) { return _mm256_cvtps_epi32(a); }
V_FN vf v_from_int(vi a) { return _mm256_cvtepi32_ps(a); }
V_FN vi v_add_i(vi a, vi b) { return _mm256_add_epi32(a, b); }
V_FN vi v_sub_i(vi a, vi b) { return _mm256_sub_epi32(a, b); }
V_FN vi v_and_i(vi a, vi b) { return _mm256_and_si256(a, b); }
V_FN vi v_or_i(vi a, vi b) { return _mm256_or_si256(a, b); }
V_FN vi v_xor_i(vi a, vi b) { return _mm256_xor_si256(a, b); }
#define v_shl_i(a, count) _mm256_slli_epi32((a), (count))
#define v_sar_i(a, count) _mm256_srai_epi32((a), (count))
V_FN vm v_lt(vf a, vf b) { return _mm256_cmp_ps(a, b, _CMP_LT_OQ); }
V_FN vm v_gt(vf a, vf b) { return _mm256_cmp_ps(a, b, _CMP_GT_OQ); }
V_FN vm v_eq(vf a, vf b) { return _mm256_cmp_ps(a, b, _CMP_EQ_OQ); }
V_FN vm v_nan(vf a) { return _mm256_cmp_ps(a, a, _CMP_UNORD_Q); }
V_FN vm v_eq_i(vi a, vi b) { return _mm256_castsi256_ps(_mm256_cmpeq_epi32(a, b)); }
V_FN vf v_select(vm m, vf yes, vf no) { return _mm256_blendv_ps(no, yes, m); }
V_FN int v_any(vm m) { return _mm256_movemask_ps(m) != 0; }
#define V_FOLD(name, op, op_scalar)                                                              \
  V_FN float name(vf a) {                                                                        \
    __m128 h = op(_mm256_castps256_ps128(a), _mm256_extractf128_ps(a, 1));                       \
    h = op(h, _mm_movehl_ps(h, h));                                                              \
    return _mm_cvtss_f32(op_scalar(h, _mm_shuffle_ps(h, h, 1)));                                 \
  }
V_FOLD(v_sum, _mm_add_ps, _mm_add_ss)
V_FOLD(v_product, _mm_mul_ps, _mm_mul_ss)
V_FOLD(v_largest, _mm_max_ps, _mm_max_ss)
V_FOLD(v_smallest, _mm_min_ps, _mm_min_ss)
#define V_MIDDLE(a, b) _mm256_permute2f128_si256(_mm256_castps_si256(a), _mm256_castps_si256(b), 0x21)
#define v_shift(a, b, i) ((i) == 0 ? (a) : _mm256_castsi256_ps(_mm256_alignr_epi8(V_MIDDLE(a, b), _mm256_castps_si256(a), 4 * (i))))
V_FN vf v_even(vf a, vf b) {
  __m256d mixed = _mm256_castps_pd(_mm256_shuffle_ps(a, b, 0x88));
  return _mm256_castpd_ps(_mm256_permute4x64_pd(mixed, 0xd8));
}
V_FN vf v_odd(vf a, vf b) {
  __m256d mixed = _mm256_castps_pd(_mm256_shuffle_ps(a, b, 0xdd));
  return _mm256_castpd_ps(_mm256_permute4x64_pd(mixed, 0xd8));
}
V_FN vf v_load_even(const float *p) { return v_even(_mm256_loadu_ps(p), _mm256_maskload_ps(p + 8, v_first(7))); }
#define V_SCALE_BY_PARTS

#else

#define V_LANES 4
#define OB_ISA(name) ob_cpu_portable_##name
typedef float vf __attribute__((vector_size(16)));
typedef int32_t vi __attribute__((vector_size(16)));
typedef uint32_t vu __attribute__((vector_size(16)));
typedef vi vm;

V_FN vf v_load(const float *p) {
  vf v;
  memcpy(&v, p, sizeof v);
  return v;
}
V_FN void v_store(float *p, vf v) { memcpy(p, &v, sizeof v); }
V_FN vf v_load_n(const float *p, size_t n) {
  vf v = {0, 0, 0, 0};
  for (size_t i = 0; i < n; i++) v[i] = p[i];
  return v;
}
V_FN void v_store_n(float *p, vf v, size_t n) {
  for (size_t i = 0; i < n; i++) p[i] = v[i];
}
V_FN void v_stream(float *p, vf v) { v_store(p, v); }
V_FN vf v_set1(float x) { return (vf){x, x, x, x}; }
V_FN vi v_set1_i(int32_t x) { return (vi){x, x, x, x}; }
V_FN vf v_fma(vf a, vf b, vf c) { return a * b + c; }
V_FN vf v_fnma(vf a, vf b, vf c) { return c - a * b; }
V_FN vi v_bits(vf a) { return (vi)a; }
V_FN vf v_float_bits(vi a) { return (vf)a; }
V_FN vf v_select(vm m, vf yes, vf no) { return (vf)((m & (vi)yes) | (~m & (vi)no)); }
V_FN vm v_lt(vf a, vf b) { return a < b; }
V_FN vm v_gt(vf a, vf b) { return a > b; }
V_FN vm v_eq(vf a, vf b) { return a == b; }
V_FN vm v_nan(vf a) { return a != a; }
V_FN vm v_eq_i(vi a, vi b) { return a == b; }
V_FN vf v_max(vf a, vf b) { return v_select(a > b, a, b); }
V_FN vf v_min(vf a, vf b) { return v_select(a < b, a, b); }
#define V_EACH(name, fn) \
  V_FN vf name(vf a) { return (vf){fn(a[0]), fn(a[1]), fn(a[2]), fn(a[3])}; }
V_EACH(v_sqrt, sqrtf)
V_EACH(v_floor, floorf)
V_EACH(v_ceil, ceilf)
V_EACH(v_round, rintf)
V_FN vi v_to_int(vf a) { /* nearest, by the carry of a large number; |a| < 2^22 */
  const vf magic = {12582912.0f, 12582912.0f, 12582912.0f, 12582912.0f};
  return (vi)((vu)(a + magic) - (vu)magic);
}
V_FN vf v_from_int(vi a) { return (vf){(float)a[0], (float)a[1], (float)a[2], (float)a[3]}; }
V_FN vi v_add_i(vi a, vi b) { return (vi)((vu)a + (vu)b); } /* wraps, as the instructions do */
V_FN vi v_sub_i(vi a, vi b) { return (vi)((vu)a - (vu)b); }
V_FN vi v_and_i(vi a, vi b) { return a & b; }
V_FN vi v_or_i(vi a, vi b) { return a | b; }
V_FN vi v_xor_i(vi a, vi b) { return a ^ b; }
#define v_shl_i(a, count) ((a) << (count))
#define v_sar_i(a, count) ((a) >> (count))
V_FN int v_any(vm m) { return (m[0] | m[1] | m[2] | m[3]) != 0; }
V_FN float v_sum(vf a) { return (a[0] + a[1]) + (a[2] + a[3]); }
V_FN float v_product(vf a) { return (a[0] * a[1]) * (a[2] * a[3]); }
V_FN float v_largest(vf a) {
  float x = a[0] > a[1] ? a[0] : a[1], y = a[2] > a[3] ? a[2] : a[3];
  return x > y ? x : y;
}
V_FN float v_smallest(vf a) {
  float x = a[0] < a[1] ? a[0] : a[1], y = a[2] < a[3] ? a[2] : a[3];
  return x < y ? x : y;
}
V_FN vf v_shift(vf a, vf b, int i) {
  vf v;
  for (int j = 0; j < 4; j++) v[j] = i + j < 4 ? a[i + j] : b[i + j - 4];
  return v;
}
V_FN vf v_even(vf a, vf b) { return (vf){a[0], a[2], b[0], b[2]}; }
V_FN vf v_odd(vf a, vf b) { return (vf){a[1], a[3], b[1], b[3]}; }
V_FN vf v_load_even(const float *p) { return (vf){p[0], p[2], p[4], p[6]}; }
#define V_SCALE_BY_PARTS

#endif

V_FN vf v_abs(vf a) { return v_float_bits(v_and_i(v_bits(a), v_set1_i(0x7fffffff))); }
V_FN vf v_copysign(vf size, vf sign) {
  return v_float_bits(v_or_i(v_and_i(v_bits(size), v_set1_i(0x7fffffff)), v_and_i(v_bits(sign), v_set1_i(INT32_MIN))));
}
V_FN vf v_neg(vf a) { return v_float_bits(v_xor_i(v_bits(a), v_set1_i(INT32_MIN))); }
/* NaN when either is. */
V_FN vf v_max_nan(vf a, vf b) { return v_select(v_nan(a), a, v_max(a, b)); }
V_FN vf v_min_nan(vf a, vf b) { return v_select(v_nan(a), a, v_min(a, b)); }

#ifdef V_SCALE_BY_PARTS
V_FN vf v_scale(vf p, vf n) {
  vi whole = v_to_int(n), half = v_sar_i(whole, 1), rest = v_sub_i(whole, half);
  const vi bias = v_set1_i(127);
  return p * v_float_bits(v_shl_i(v_add_i(half, bias), 23)) * v_float_bits(v_shl_i(v_add_i(rest, bias), 23));
}
#endif

#endif
