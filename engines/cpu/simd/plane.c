/* Depthwise convolution and pooling of a padded plane: four vectors of outputs at a time, so that offsets and weights are read once
 * for all four. */
#include <math.h>

#include "cpu/simd/parts.h"

enum { UNITS = 4 };

/* A vector of neighbouring outputs. */
typedef struct unit {
  const float *from;
  float *to;
  size_t n; /* outputs that exist; 0: none */
} unit_t;

typedef enum how { CONVOLVE, MAXIMUM, SUM } how_t;

V_FN vf load(const float *p, size_t stride) {
  if (stride == 1) return v_load(p);
  if (stride == 2) return v_load_even(p);
  float lanes[V_LANES];
  for (size_t j = 0; j < V_LANES; j++) lanes[j] = p[j * stride];
  return v_load(lanes);
}

/* `how` and `stride` are constants where this is inlined. */
V_FN void run_units(const ob_plane_t *p, const unit_t *u, how_t how, size_t stride) {
  vf a[UNITS];
#pragma GCC unroll 4
  for (int i = 0; i < UNITS; i++) a[i] = v_set1(how == CONVOLVE ? p->bias : how == MAXIMUM ? -INFINITY : 0.0f);
  for (size_t t = 0; t < p->tap_count; t++) {
    const size_t at = p->taps[t];
    const vf w = how == CONVOLVE ? v_set1(p->weights[t]) : v_set1(0.0f);
#pragma GCC unroll 4
    for (int i = 0; i < UNITS; i++) {
      const vf x = load(u[i].from + at, stride);
      if (how == CONVOLVE) a[i] = v_fma(w, x, a[i]);
      if (how == MAXIMUM) a[i] = v_max_nan(a[i], x);
      if (how == SUM) a[i] = a[i] + x;
    }
  }
#pragma GCC unroll 4
  for (int i = 0; i < UNITS; i++) {
    if (how == CONVOLVE) a[i] = v_min(v_set1(p->high), v_max(v_set1(p->low), a[i]));
    if (u[i].n == V_LANES)
      v_store(u[i].to, a[i]);
    else
      v_store_n(u[i].to, a[i], u[i].n);
  }
}

/* Fewer than four are filled up with the first once more, whose results are dropped. */
V_FN void run_some(const ob_plane_t *p, unit_t *u, int count, how_t how, size_t stride) {
  for (int i = count; i < UNITS; i++) u[i] = (unit_t){.from = u[0].from, .to = u[0].to};
  run_units(p, u, how, stride);
}

V_FN void run_plane(const ob_plane_t *p, how_t how, size_t stride) {
  unit_t units[UNITS];
  int count = 0;
  for (size_t r = 0; r < p->rows; r++)
    for (size_t c = 0; c < p->columns; c += V_LANES) {
      const size_t left = p->columns - c;
      units[count++] = (unit_t){.from = p->x + r * p->row_step + c * stride, .to = p->y + r * p->columns + c, .n = left < V_LANES ? left : V_LANES};
      if (count < UNITS) continue;
      run_units(p, units, how, stride);
      count = 0;
    }
  if (count > 0) run_some(p, units, count, how, stride);
}

/* ---------------------------------------------------------------- square windows of neighbours
 *
 * Rows begin on cache lines, so whole vectors are loaded without straddling lines and shifted in registers; each is used for all
 * output rows of a block that it belongs to. */

/* The KX inputs of 16 neighbouring windows in a row of x, `taps[k]`: x[c * stride + k]. */
V_FN void row_taps(const float *x, int kx, int stride, vf *taps) {
  if (stride == 1) {
    const vf a = v_load(x), b = v_load(x + V_LANES);
    taps[0] = a;
    if (kx > 1) taps[1] = v_shift(a, b, 1);
    if (kx > 2) taps[2] = v_shift(a, b, 2);
    if (kx > 3) taps[3] = v_shift(a, b, 3);
    if (kx > 4) taps[4] = V_LANES > 4 ? v_shift(a, b, 4 % V_LANES) : b;
    return;
  }
  const vf a = v_load(x), b = v_load(x + V_LANES), c = v_load(x + 2 * V_LANES), d = v_load(x + 3 * V_LANES);
  const vf even = v_even(a, b), odd = v_odd(a, b), more = v_even(c, d);
  taps[0] = even;
  if (kx > 1) taps[1] = odd;
  if (kx > 2) taps[2] = v_shift(even, more, 1);
  if (kx > 3) taps[3] = v_shift(odd, v_odd(c, d), 1);
  if (kx > 4) taps[4] = v_shift(even, more, 2);
}

/* `outs` output rows of one vector. All but the pointers are constants where this is inlined. */
V_FN void run_block(const ob_plane_t *p, const float *x, float *y, size_t n, how_t how, int k, int stride, int outs) {
  vf a[4], taps[5];
#pragma GCC unroll 4
  for (int o = 0; o < outs; o++) a[o] = v_set1(how == CONVOLVE ? p->bias : how == MAXIMUM ? -INFINITY : 0.0f);
#pragma GCC unroll 12
  for (int i = 0; i < (outs - 1) * stride + k; i++) {
    row_taps(x + (size_t)i * p->pitch, k, stride, taps);
#pragma GCC unroll 4
    for (int o = 0; o < outs; o++) {
      const int ky = i - o * stride;
      if (ky < 0 || ky >= k) continue;
#pragma GCC unroll 5
      for (int kx = 0; kx < k; kx++) {
        if (how == CONVOLVE) a[o] = v_fma(v_set1(p->weights[ky * k + kx]), taps[kx], a[o]);
        if (how == MAXIMUM) a[o] = v_max_nan(a[o], taps[kx]);
        if (how == SUM) a[o] = a[o] + taps[kx];
      }
    }
  }
#pragma GCC unroll 4
  for (int o = 0; o < outs; o++) {
    if (how == CONVOLVE) a[o] = v_min(v_set1(p->high), v_max(v_set1(p->low), a[o]));
    if (n == V_LANES)
      v_store(y + (size_t)o * p->columns, a[o]);
    else
      v_store_n(y + (size_t)o * p->columns, a[o], n);
  }
}

V_FN void run_square(const ob_plane_t *p, how_t how, int k, int stride) {
  const size_t step = (size_t)stride * p->pitch;
  size_t r = 0;
  for (; r + 4 <= p->rows; r += 4)
    for (size_t c = 0; c < p->columns; c += V_LANES)
      run_block(p, p->x + r * step + c * (size_t)stride, p->y + r * p->columns + c, p->columns - c < V_LANES ? p->columns - c : V_LANES, how, k, stride, 4);
  for (; r < p->rows; r++)
    for (size_t c = 0; c < p->columns; c += V_LANES)
      run_block(p, p->x + r * step + c * (size_t)stride, p->y + r * p->columns + c, p->columns - c < V_LANES ? p->columns - c : V_LANES, how, k, stride, 1);
}

#define SQUARE(name, how, k, stride) \
  static void name##_##k##_##stride(const ob_plane_t *p) { run_square(p, how, k, stride); }
#define PLANE(name, how)                                                        \
  SQUARE(name, how, 3, 1)                                                       \
  SQUARE(name, how, 3, 2)                                                       \
  SQUARE(name, how, 5, 1)                                                       \
  SQUARE(name, how, 5, 2)                                                       \
  SQUARE(name, how, 2, 2)                                                       \
  void OB_ISA(name)(const ob_plane_t *p) {                                      \
    if (p->window == 3 && p->stride <= 2)                                       \
      p->stride == 1 ? name##_3_1(p) : name##_3_2(p);                           \
    else if (p->window == 5 && p->stride <= 2)                                  \
      p->stride == 1 ? name##_5_1(p) : name##_5_2(p);                           \
    else if (p->window == 2 && p->stride == 2)                                  \
      name##_2_2(p);                                                            \
    else if (p->stride == 1)                                                    \
      run_plane(p, how, 1);                                                     \
    else if (p->stride == 2)                                                    \
      run_plane(p, how, 2);                                                     \
    else                                                                        \
      run_plane(p, how, p->stride);                                             \
  }
PLANE(plane_convolve, CONVOLVE)
PLANE(plane_max, MAXIMUM)
PLANE(plane_sum, SUM)

/* Whole vectors that reach into the next row, which is written after. */
void OB_ISA(pad_rows)(const float *x, size_t rows, size_t n, float *to, size_t before, size_t width, float value) {
  const vf around = v_set1(value);
  for (size_t r = 0; r < rows; r++, x += n, to += width) {
    size_t i = 0;
    for (; i < before; i += V_LANES) v_store(to + i, around);
    for (i = before + n; i < width; i += V_LANES) v_store(to + i, around);
    for (i = 0; i + V_LANES <= n; i += V_LANES) v_store(to + before + i, v_load(x + i));
    if (i < n) v_store_n(to + before + i, v_load_n(x + i, n - i), n - i);
  }
}
