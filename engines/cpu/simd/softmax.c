/* Softmax of float32 rows, and of columns that lie side by side. */
#include "cpu/simd/math.h"
#include "cpu/simd/parts.h"

/* y = e^(x - top); returns the sum. y may be x, or NULL when only the sum is wanted. */
V_FN float exp_row(const float *x, float *y, size_t n, float top) {
  const vf t = v_set1(top);
  vf s = v_set1(0.0f), s2 = s;
  size_t i = 0;
  for (; i + 2 * V_LANES <= n; i += 2 * V_LANES) {
    const vf a = v_exp(v_load(x + i) - t), b = v_exp(v_load(x + i + V_LANES) - t);
    if (y) v_store(y + i, a);
    if (y) v_store(y + i + V_LANES, b);
    s = s + a;
    s2 = s2 + b;
  }
  for (; i + V_LANES <= n; i += V_LANES) {
    const vf a = v_exp(v_load(x + i) - t);
    if (y) v_store(y + i, a);
    s = s + a;
  }
  float sum = v_sum(s + s2);
  if (i < n) {
    float lanes[V_LANES];
    v_store(lanes, v_exp(v_load_n(x + i, n - i) - t));
    for (size_t j = 0; i + j < n; j++) {
      sum += lanes[j];
      if (y) y[i + j] = lanes[j];
    }
  }
  return sum;
}

/* A row of -infinity only has nothing to subtract: e^-inf is 0 then, and the result NaN as the formula says. */
void OB_ISA(softmax)(const float *x, float *y, size_t n) {
  const float top = OB_ISA(reduce_max)(x, n, -INFINITY);
  const float sum = exp_row(x, y, n, top);
  OB_ISA(scale_shift)(y, y, n, 1.0f / sum, 0.0f);
}

void OB_ISA(log_softmax)(const float *x, float *y, size_t n) {
  const float top = OB_ISA(reduce_max)(x, n, -INFINITY);
  const float sum = exp_row(x, NULL, n, top);
  const vf t = v_set1(top), l = v_set1(logf(sum));
  size_t i = 0;
  for (; i + V_LANES <= n; i += V_LANES) v_store(y + i, v_load(x + i) - t - l);
  if (i < n) v_store_n(y + i, v_load_n(x + i, n - i) - t - l, n - i);
}

float OB_ISA(log_sum_exp)(const float *x, size_t n) {
  const float top = OB_ISA(reduce_max)(x, n, -INFINITY);
  if (isinf(top)) return top;
  return top + logf(exp_row(x, NULL, n, top));
}

void OB_ISA(softmax_columns)(const float *x, float *y, size_t count, size_t stride, size_t n) {
  float top[OB_TILE], sum[OB_TILE];
  if (count == 0) return;
  memcpy(top, x, n * sizeof *top);
  for (size_t k = 1; k < count; k++) OB_ISA(combine_max)(x + k * stride, top, n);
  memset(sum, 0, n * sizeof *sum);
  for (size_t k = 0; k < count; k++) {
    const float *from = x + k * stride;
    float *to = y + k * stride;
    for (size_t i = 0; i < n; i += V_LANES) {
      const size_t left = n - i < V_LANES ? n - i : V_LANES;
      const vf e = v_exp(v_load_n(from + i, left) - v_load_n(top + i, left));
      v_store_n(to + i, e, left);
      v_store_n(sum + i, v_load_n(sum + i, left) + e, left);
    }
  }
  for (size_t k = 0; k < count; k++) {
    float *to = y + k * stride;
    for (size_t i = 0; i < n; i += V_LANES) {
      const size_t left = n - i < V_LANES ? n - i : V_LANES;
      v_store_n(to + i, v_load_n(to + i, left) / v_load_n(sum + i, left), left);
    }
  }
}
