/* Inner loops of pooling, depthwise convolution, recurrent cells and quantisation. */
#include "cpu/simd/math.h"
#include "cpu/simd/parts.h"

V_FN vf strided(const float *x, size_t i, size_t stride) {
  if (stride == 1) return v_load(x + i);
  if (stride == 2) return v_load_even(x + 2 * i);
  float lanes[V_LANES];
  for (size_t j = 0; j < V_LANES; j++) lanes[j] = x[(i + j) * stride];
  return v_load(lanes);
}

#define ROW(vector, scalar)                                                      \
  size_t i = 0;                                                                  \
  if (stride == 1)                                                               \
    for (; i + V_LANES <= n; i += V_LANES) v_store(y + i, vector(strided(x, i, 1))); \
  else if (stride == 2)                                                          \
    for (; i + V_LANES <= n; i += V_LANES) v_store(y + i, vector(strided(x, i, 2))); \
  else                                                                           \
    for (; i + V_LANES <= n; i += V_LANES) v_store(y + i, vector(strided(x, i, stride))); \
  for (; i < n; i++) y[i] = scalar(x[i * stride]);

void OB_ISA(pool_max_row)(const float *x, float *y, size_t n, size_t stride) {
#define VECTOR(v) v_max_nan(v_load(y + i), (v))
#define SCALAR(v) (isnan(y[i]) || y[i] > (v) ? y[i] : (v))
  ROW(VECTOR, SCALAR)
#undef VECTOR
#undef SCALAR
}

void OB_ISA(pool_add_row)(const float *x, float *y, size_t n, size_t stride) {
#define VECTOR(v) (v_load(y + i) + (v))
#define SCALAR(v) (y[i] + (v))
  ROW(VECTOR, SCALAR)
#undef VECTOR
#undef SCALAR
}

V_FN vf tap_sum(const ob_taps_t *row, size_t i, size_t stride) {
  vf a = v_set1(row->bias);
  for (size_t t = 0; t < row->count; t++) a = v_fma(v_set1(row->weights[t]), strided(row->taps[t], i, stride), a);
  return v_min(v_set1(row->high), v_max(v_set1(row->low), a));
}

V_FN float tap_sum_at(const ob_taps_t *row, size_t i) {
  float a = row->bias;
  for (size_t t = 0; t < row->count; t++) a += row->weights[t] * row->taps[t][i * row->stride];
  a = a < row->low ? row->low : a;
  return a > row->high ? row->high : a;
}

void OB_ISA(taps)(const ob_taps_t *row) {
  size_t i = 0;
  if (row->stride == 1)
    for (; i + V_LANES <= row->n; i += V_LANES) v_store(row->y + i, tap_sum(row, i, 1));
  else if (row->stride == 2)
    for (; i + V_LANES <= row->n; i += V_LANES) v_store(row->y + i, tap_sum(row, i, 2));
  else
    for (; i + V_LANES <= row->n; i += V_LANES) v_store(row->y + i, tap_sum(row, i, row->stride));
  if (i > 0 && i < row->n) { /* the last vector overlaps the one before */
    i = row->n - V_LANES;
    v_store(row->y + i, row->stride == 1 ? tap_sum(row, i, 1) : tap_sum(row, i, row->stride));
    return;
  }
  for (; i < row->n; i++) row->y[i] = tap_sum_at(row, i);
}

/* gates: i, o, f, c of n each, before their activations. cell is updated, hidden = o * tanh(cell). */
void OB_ISA(lstm_gates)(const float *gates, float *cell, float *hidden, size_t n) {
  for (size_t j = 0; j < n; j += V_LANES) {
    const size_t left = n - j < V_LANES ? n - j : V_LANES;
    const vf i = v_sigmoid(v_load_n(gates + j, left)), o = v_sigmoid(v_load_n(gates + n + j, left));
    const vf f = v_sigmoid(v_load_n(gates + 2 * n + j, left)), g = v_tanh(v_load_n(gates + 3 * n + j, left));
    const vf c = v_fma(f, v_load_n(cell + j, left), i * g);
    v_store_n(cell + j, c, left);
    v_store_n(hidden + j, o * v_tanh(c), left);
  }
}

/* in: x, scale, zero point, all float32 and full tiles. The quotient is rounded to even before the zero point is added; it is
 * saturated before the conversion, and NaN becomes the lowest. */
#define QUANTIZE(name, type, low, high)                                                          \
  void OB_ISA(name)(const ob_tile_t *tile) {                                                     \
    const float *x = tile->in[0], *scale = tile->in[1], *zero = tile->in[2];                     \
    type *y = tile->out;                                                                         \
    for (size_t i = 0; i < tile->n; i++) {                                                       \
      float v = rintf(x[i] / scale[i]) + zero[i];                                                \
      v = v > (float)(low) ? v : (float)(low);                                                   \
      v = v < (float)(high) ? v : (float)(high);                                                 \
      y[i] = (type)(int32_t)v;                                                                   \
    }                                                                                            \
  }
QUANTIZE(quantize_u8, uint8_t, 0, 255)
QUANTIZE(quantize_i8, int8_t, -128, 127)
QUANTIZE(quantize_u16, uint16_t, 0, 65535)
QUANTIZE(quantize_i16, int16_t, -32768, 32767)
