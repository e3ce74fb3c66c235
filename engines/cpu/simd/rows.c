/* Inner loops of recurrent cells and quantisation. */
#include "cpu/simd/math.h"
#include "cpu/simd/parts.h"

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

/* The quotient is rounded to even before the zero point is added; it is saturated before the conversion, and NaN becomes the lowest. */
#define QUANTIZED(low, high, type, at, scale, zero)                \
  do {                                                             \
    float v = rintf((at) / (scale)) + (zero);                      \
    v = v > (float)(low) ? v : (float)(low);                       \
    v = v < (float)(high) ? v : (float)(high);                     \
    y[i] = (type)(int32_t)v;                                       \
  } while (0)
#define QUANTIZE(name, type, low, high)                                                                              \
  void OB_ISA(name)(const ob_tile_t *tile) {                                                                         \
    const float *x = tile->in[0], *scale = tile->in[1], *zero = tile->in[2];                                         \
    const size_t n = tile->n; /* bytes may lie anywhere: the tile is not read again */                               \
    const size_t scale_step = tile->scalars & 2 ? 0 : 1, zero_step = tile->scalars & 4 ? 0 : 1, x_step = tile->scalars & 1 ? 0 : 1; \
    type *y = tile->out;                                                                                             \
    if (x_step == 1 && scale_step == 0 && zero_step == 0) {                                                          \
      const float s = *scale, z = *zero;                                                                             \
      OB_ANY_ORDER for (size_t i = 0; i < n; i++) QUANTIZED(low, high, type, x[i], s, z);                                         \
    } else if (x_step == 1 && scale_step == 1 && zero_step == 1) {                                                   \
      OB_ANY_ORDER for (size_t i = 0; i < n; i++) QUANTIZED(low, high, type, x[i], scale[i], zero[i]);                            \
    } else {                                                                                                         \
      OB_ANY_ORDER for (size_t i = 0; i < n; i++) QUANTIZED(low, high, type, x[i * x_step], scale[i * scale_step], zero[i * zero_step]); \
    }                                                                                                                \
  }
QUANTIZE(quantize_u8, uint8_t, 0, 255)
QUANTIZE(quantize_i8, int8_t, -128, 127)
QUANTIZE(quantize_u16, uint16_t, 0, 65535)
QUANTIZE(quantize_i16, int16_t, -32768, 32767)
