/* Inner loops of quantised operators: bytes without sign, channels innermost, exact sums, one rounding at the end. */
#include "cpu/simd/parts.h"
#include "cpu/simd/vec.h"

/* Adding it moves the fraction of a small float out of the mantissa, rounded to even. */
#define ROUND_BIAS 12582912.0f

V_FN uint8_t to_byte(float v, const ob_quant_end_t *end) {
  v = v > end->low ? v : end->low;
  v = v < end->high ? v : end->high;
  return (uint8_t)((int32_t)((v + ROUND_BIAS) - ROUND_BIAS) + end->zero);
}

#if defined(OB_CPU_AVX512)
#define Q_LANES 16
typedef __m512i vq;
V_FN vq q_load(const void *p) { return _mm512_loadu_si512(p); }
V_FN vq q_widen(const uint8_t *p) { return _mm512_cvtepu8_epi32(_mm_loadu_si128((const __m128i *)(const void *)p)); }
V_FN vq q_all(int32_t v) { return _mm512_set1_epi32(v); }
V_FN vq q_add(vq a, vq b) { return _mm512_add_epi32(a, b); }
V_FN vq q_pairs(vq a, vq b) { return _mm512_madd_epi16(a, b); }
V_FN vq q_even(vq a) { return _mm512_srai_epi16(_mm512_slli_epi16(a, 8), 8); }
V_FN vq q_odd(vq a) { return _mm512_srai_epi16(a, 8); }
V_FN vq q_and(vq a, vq b) { return _mm512_and_si512(a, b); }
V_FN vq q_high(vq a) { return _mm512_srli_epi16(a, 8); }
V_FN void q_store(const ob_quant_conv_t *c, vq sum, size_t first, uint8_t *y) {
  __m512 v = _mm512_fmadd_ps(_mm512_cvtepi32_ps(sum), _mm512_loadu_ps(c->scale + first), _mm512_loadu_ps(c->shift + first));
  v = _mm512_min_ps(_mm512_max_ps(v, _mm512_set1_ps(c->end.low)), _mm512_set1_ps(c->end.high));
  const __m128i bytes = _mm512_cvtepi32_epi8(_mm512_add_epi32(_mm512_cvtps_epi32(v), _mm512_set1_epi32(c->end.zero)));
  if (c->channels - first >= Q_LANES)
    _mm_storeu_si128((__m128i *)(void *)(y + first), bytes);
  else
    _mm_mask_storeu_epi8(y + first, v_first(c->channels - first), bytes);
}
#elif defined(OB_CPU_AVX2)
#define Q_LANES 8
typedef __m256i vq;
V_FN vq q_load(const void *p) { return _mm256_loadu_si256((const __m256i *)p); }
V_FN vq q_widen(const uint8_t *p) { return _mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)(const void *)p)); }
V_FN vq q_all(int32_t v) { return _mm256_set1_epi32(v); }
V_FN vq q_add(vq a, vq b) { return _mm256_add_epi32(a, b); }
V_FN vq q_pairs(vq a, vq b) { return _mm256_madd_epi16(a, b); }
V_FN vq q_even(vq a) { return _mm256_srai_epi16(_mm256_slli_epi16(a, 8), 8); }
V_FN vq q_odd(vq a) { return _mm256_srai_epi16(a, 8); }
V_FN vq q_and(vq a, vq b) { return _mm256_and_si256(a, b); }
V_FN vq q_high(vq a) { return _mm256_srli_epi16(a, 8); }
V_FN void q_store(const ob_quant_conv_t *c, vq sum, size_t first, uint8_t *y) {
  __m256 v = _mm256_fmadd_ps(_mm256_cvtepi32_ps(sum), _mm256_loadu_ps(c->scale + first), _mm256_loadu_ps(c->shift + first));
  v = _mm256_min_ps(_mm256_max_ps(v, _mm256_set1_ps(c->end.low)), _mm256_set1_ps(c->end.high));
  const __m256i whole = _mm256_add_epi32(_mm256_cvtps_epi32(v), _mm256_set1_epi32(c->end.zero));
  const __m128i words = _mm_packs_epi32(_mm256_castsi256_si128(whole), _mm256_extracti128_si256(whole, 1));
  const int64_t bytes = _mm_cvtsi128_si64(_mm_packus_epi16(words, words));
  if (first < c->channels) memcpy(y + first, &bytes, c->channels - first < Q_LANES ? c->channels - first : Q_LANES);
}
#endif

#if defined(Q_LANES)
#define Q_BLOCK (OB_QUANT_BLOCK / Q_LANES)

/* Neighbouring pixels times a block of channels. Bytes are spread to words: even ones and odd ones, whose products pairs of words hold. */
V_FN void pairs_tile(const ob_quant_conv_t *c, size_t pixel, size_t block, const size_t pixels) {
  const uint8_t *x = c->x + pixel * c->step;
  const int8_t *w = c->weights + block * c->run_count * c->quads * 64;
  const vq low = q_all(0x00ff00ff);
  vq sums[4][Q_BLOCK];
#pragma GCC unroll 4
  for (size_t p = 0; p < pixels; p++)
#pragma GCC unroll 2
    for (size_t b = 0; b < Q_BLOCK; b++) sums[p][b] = q_load(c->start + block * OB_QUANT_BLOCK + b * Q_LANES);
  for (size_t r = 0; r < c->run_count; r++) {
    const uint8_t *from = x + c->runs[r];
    for (size_t q = 0; q < c->quads; q++, from += 4, w += 64) {
      vq even[Q_BLOCK], odd[Q_BLOCK];
#pragma GCC unroll 2
      for (size_t b = 0; b < Q_BLOCK; b++) {
        const vq weights = q_load(w + b * Q_LANES * 4);
        even[b] = q_even(weights);
        odd[b] = q_odd(weights);
      }
#pragma GCC unroll 4
      for (size_t p = 0; p < pixels; p++) {
        int32_t four;
        memcpy(&four, from + p * c->step, sizeof four);
        const vq all = q_all(four), x_even = q_and(all, low), x_odd = q_high(all);
#pragma GCC unroll 2
        for (size_t b = 0; b < Q_BLOCK; b++) sums[p][b] = q_add(sums[p][b], q_add(q_pairs(x_even, even[b]), q_pairs(x_odd, odd[b])));
      }
    }
  }
#pragma GCC unroll 4
  for (size_t p = 0; p < pixels; p++)
#pragma GCC unroll 2
    for (size_t b = 0; b < Q_BLOCK; b++) {
      const size_t first = block * OB_QUANT_BLOCK + b * Q_LANES;
      if (first < c->channels) q_store(c, sums[p][b], first, c->y + (pixel + p) * c->channels);
    }
}

static void convolve_pairs(const ob_quant_conv_t *c) {
  for (size_t b = 0; b * OB_QUANT_BLOCK < c->channels; b++) {
    size_t p = 0;
    for (; p + 4 <= c->pixels; p += 4) pairs_tile(c, p, b, 4);
    for (; p < c->pixels; p++) pairs_tile(c, p, b, 1);
  }
}

V_FN void depthwise_tile(const ob_quant_conv_t *c, size_t pixel, size_t first, const size_t pixels) {
  const uint8_t *x = c->x + pixel * c->step + first;
  const int32_t *w = c->tap_weights + first;
  vq sums[4];
#pragma GCC unroll 4
  for (size_t p = 0; p < pixels; p++) sums[p] = q_load(c->start + first);
  for (size_t t = 0; t < c->run_count; t++, w += c->channels) {
    const vq weights = q_load(w);
    const uint8_t *from = x + c->runs[t];
#pragma GCC unroll 4
    for (size_t p = 0; p < pixels; p++) sums[p] = q_add(sums[p], q_pairs(q_widen(from + p * c->step), weights));
  }
#pragma GCC unroll 4
  for (size_t p = 0; p < pixels; p++) q_store(c, sums[p], first, c->y + (pixel + p) * c->channels);
}

/* Whole vectors of channels; gives how many. */
static size_t depthwise_vectors(const ob_quant_conv_t *c) {
  size_t first = 0;
  for (; first + Q_LANES <= c->channels; first += Q_LANES) {
    size_t p = 0;
    for (; p + 4 <= c->pixels; p += 4) depthwise_tile(c, p, first, 4);
    for (; p < c->pixels; p++) depthwise_tile(c, p, first, 1);
  }
  return first;
}
#else
/* One pixel, one block of channels: weights lie as [quad][channel][4]. */
static void pixel_block(const ob_quant_conv_t *c, const uint8_t *x, size_t block, uint8_t *y) {
  const size_t first = block * OB_QUANT_BLOCK, count = c->channels - first < OB_QUANT_BLOCK ? c->channels - first : OB_QUANT_BLOCK;
  const int8_t *w = c->weights + first * c->run_count * c->quads * 4;
  int32_t sums[OB_QUANT_BLOCK];
  uint8_t bytes[OB_QUANT_BLOCK];
  for (size_t j = 0; j < OB_QUANT_BLOCK; j++) sums[j] = c->start[first + j];
  for (size_t r = 0; r < c->run_count; r++) {
    const uint8_t *from = x + c->runs[r];
    for (size_t q = 0; q < c->quads; q++, from += 4, w += OB_QUANT_BLOCK * 4)
      for (size_t j = 0; j < OB_QUANT_BLOCK; j++)
        sums[j] += from[0] * w[4 * j] + from[1] * w[4 * j + 1] + from[2] * w[4 * j + 2] + from[3] * w[4 * j + 3];
  }
  for (size_t j = 0; j < OB_QUANT_BLOCK; j++) bytes[j] = to_byte((float)sums[j] * c->scale[first + j] + c->shift[first + j], &c->end);
  memcpy(y + first, bytes, count);
}

static void convolve_pairs(const ob_quant_conv_t *c) {
  for (size_t p = 0; p < c->pixels; p++)
    for (size_t b = 0; b * OB_QUANT_BLOCK < c->channels; b++) pixel_block(c, c->x + p * c->step, b, c->y + p * c->channels);
}

static size_t depthwise_vectors(const ob_quant_conv_t *c) { return (void)c, 0; }
#endif

#if defined(OB_CPU_AVX512)
#define VNNI __attribute__((target("avx512vnni")))

/* `pixels` neighbours times `blocks` blocks of channels: both are constants where this is called. */
VNNI V_FN void vnni_tile(const ob_quant_conv_t *c, size_t pixel, size_t block, const size_t pixels, const size_t blocks) {
  const uint8_t *x = c->x + pixel * c->step;
  const size_t length = c->run_count * c->quads * 64;
  const int8_t *w = c->weights + block * length;
  __m512i sums[16][4];
#pragma GCC unroll 16
  for (size_t p = 0; p < pixels; p++)
#pragma GCC unroll 4
    for (size_t b = 0; b < blocks; b++) sums[p][b] = _mm512_loadu_si512(c->start + (block + b) * 16);
  for (size_t r = 0; r < c->run_count; r++) {
    const uint8_t *from = x + c->runs[r];
    for (size_t q = 0; q < c->quads; q++, from += 4, w += 64) {
      __m512i weights[4];
#pragma GCC unroll 4
      for (size_t b = 0; b < blocks; b++) weights[b] = _mm512_loadu_si512(w + b * length);
#pragma GCC unroll 16
      for (size_t p = 0; p < pixels; p++) {
        int32_t four;
        memcpy(&four, from + p * c->step, sizeof four);
        const __m512i all = _mm512_set1_epi32(four);
#pragma GCC unroll 4
        for (size_t b = 0; b < blocks; b++) sums[p][b] = _mm512_dpbusd_epi32(sums[p][b], all, weights[b]);
      }
    }
  }
#pragma GCC unroll 16
  for (size_t p = 0; p < pixels; p++)
#pragma GCC unroll 4
    for (size_t b = 0; b < blocks; b++) q_store(c, sums[p][b], (block + b) * 16, c->y + (pixel + p) * c->channels);
}

/* The last tile of a row overlaps the one before it. */
#define VNNI_ROW(name, pixels_, blocks_)                                                                \
  VNNI static void name(const ob_quant_conv_t *c, size_t block) {                                       \
    size_t p = 0;                                                                                       \
    for (; p + (pixels_) <= c->pixels; p += (pixels_)) vnni_tile(c, p, block, (pixels_), (blocks_));    \
    if (p < c->pixels && c->pixels >= (pixels_)) vnni_tile(c, c->pixels - (pixels_), block, (pixels_), (blocks_)); \
    for (; p < c->pixels && c->pixels < (pixels_); p++) vnni_tile(c, p, block, 1, (blocks_));           \
  }
VNNI_ROW(vnni_row_6x4, 6, 4)
VNNI_ROW(vnni_row_4x4, 4, 4)
VNNI_ROW(vnni_row_8x2, 8, 2)
VNNI_ROW(vnni_row_8x1, 8, 1)
VNNI_ROW(vnni_row_16x1, 16, 1)

static void convolve_vnni(const ob_quant_conv_t *c) {
  const size_t blocks = (c->channels + OB_QUANT_BLOCK - 1) / OB_QUANT_BLOCK;
  size_t b = 0;
  for (; b + 4 <= blocks; b += 4) (c->pixels % 4 == 0 || c->pixels < 6 ? vnni_row_4x4 : vnni_row_6x4)(c, b);
  for (; b + 2 <= blocks; b += 2) vnni_row_8x2(c, b);
  for (; b < blocks; b++) (c->pixels % 16 == 0 ? vnni_row_16x1 : vnni_row_8x1)(c, b);
}
#endif

void OB_ISA(quant_convolve)(const ob_quant_conv_t *conv) {
#if defined(OB_CPU_AVX512)
  if (__builtin_cpu_supports("avx512vnni")) {
    convolve_vnni(conv);
    return;
  }
#endif
  convolve_pairs(conv);
}

void OB_ISA(quant_depthwise)(const ob_quant_conv_t *c) {
  const size_t done = depthwise_vectors(c);
  for (size_t p = 0; p < c->pixels && done < c->channels; p++) {
    const uint8_t *x = c->x + p * c->step;
    uint8_t *y = c->y + p * c->channels;
    for (size_t j = done; j < c->channels; j++) {
      int32_t sum = c->start[j];
      for (size_t t = 0; t < c->run_count; t++) sum += x[c->runs[t] + j] * c->tap_weights[t * c->channels + j];
      y[j] = to_byte((float)sum * c->scale[j] + c->shift[j], &c->end);
    }
  }
}

void OB_ISA(quant_add)(const uint8_t *a, const uint8_t *b, size_t n, const float *factors, const ob_quant_end_t *end, uint8_t *y) {
  const float fa = factors[0], fb = factors[1], shift = factors[2];
  const ob_quant_end_t local = *end;
  for (size_t i = 0; i < n; i++) y[i] = to_byte((float)a[i] * fa + (float)b[i] * fb + shift, &local);
}

void OB_ISA(quant_from_float)(const float *x, size_t n, float scale, const ob_quant_end_t *end, size_t step, uint8_t *y) {
  const ob_quant_end_t local = *end;
  if (step == 1)
    for (size_t i = 0; i < n; i++) y[i] = to_byte(x[i] / scale, &local);
  else
    for (size_t i = 0; i < n; i++) y[i * step] = to_byte(x[i] / scale, &local);
}

/* Mean of `pixels` rows of `channels`. */
void OB_ISA(quant_mean)(const uint8_t *x, size_t pixels, size_t channels, const float *factors, const ob_quant_end_t *end, uint8_t *y) {
  for (size_t first = 0; first < channels; first += OB_QUANT_BLOCK) {
    const size_t count = channels - first < OB_QUANT_BLOCK ? channels - first : OB_QUANT_BLOCK;
    uint32_t sums[OB_QUANT_BLOCK] = {0};
    if (count == OB_QUANT_BLOCK)
      for (size_t p = 0; p < pixels; p++)
        for (size_t j = 0; j < OB_QUANT_BLOCK; j++) sums[j] += x[p * channels + first + j];
    else
      for (size_t p = 0; p < pixels; p++)
        for (size_t j = 0; j < count; j++) sums[j] += x[p * channels + first + j];
    for (size_t j = 0; j < count; j++) y[first + j] = to_byte((float)sums[j] * factors[0] + factors[1], end);
  }
}
