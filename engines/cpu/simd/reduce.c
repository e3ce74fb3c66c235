/* Reductions of float32: along a row to one number, and of rows into a row. */
#include "cpu/simd/math.h"
#include "cpu/simd/parts.h"

V_FN vf step_sum(vf s, vf x) { return s + x; }
V_FN vf step_sum_abs(vf s, vf x) { return s + v_abs(x); }
V_FN vf step_sum_square(vf s, vf x) { return v_fma(x, x, s); }
V_FN vf step_max(vf s, vf x) { return v_max_nan(s, x); }
V_FN vf step_min(vf s, vf x) { return v_min_nan(s, x); }
V_FN vf step_prod(vf s, vf x) { return s * x; }

V_FN float join_sum(vf s) { return v_sum(s); }
#define join_sum_abs join_sum
#define join_sum_square join_sum
/* The fold may lose a NaN, so it is looked for first. */
V_FN float join_max(vf s) { return v_any(v_nan(s)) ? NAN : v_largest(s); }
V_FN float join_min(vf s) { return v_any(v_nan(s)) ? NAN : v_smallest(s); }
V_FN float join_prod(vf s) { return v_product(s); }

V_FN float close_sum(float so_far, float x) { return so_far + x; }
#define close_sum_abs close_sum
#define close_sum_square close_sum
V_FN float close_max(float so_far, float x) { return isnan(so_far) || so_far > x ? so_far : x; }
V_FN float close_min(float so_far, float x) { return isnan(so_far) || so_far < x ? so_far : x; }
V_FN float close_prod(float so_far, float x) { return so_far * x; }

#define start_sum 0.0f
#define start_sum_abs 0.0f
#define start_sum_square 0.0f
#define start_max (-INFINITY)
#define start_min INFINITY
#define start_prod 1.0f

/* Lanes past the end must not count: they get a value that changes nothing. */
V_FN vf tail_of(const float *x, size_t n, float neutral) {
  float lanes[V_LANES];
  v_store(lanes, v_set1(neutral));
  v_store_n(lanes, v_load_n(x, n), n);
  return v_load(lanes);
}

#define X(name)                                                              \
  float OB_ISA(reduce_##name)(const float *x, size_t n, float so_far) {      \
    vf a = v_set1(start_##name), b = a, c = a, d = a;                        \
    size_t i = 0;                                                            \
    for (; i + 4 * V_LANES <= n; i += 4 * V_LANES) {                         \
      a = step_##name(a, v_load(x + i));                                     \
      b = step_##name(b, v_load(x + i + V_LANES));                           \
      c = step_##name(c, v_load(x + i + 2 * V_LANES));                       \
      d = step_##name(d, v_load(x + i + 3 * V_LANES));                       \
    }                                                                        \
    for (; i + V_LANES <= n; i += V_LANES) a = step_##name(a, v_load(x + i)); \
    if (i < n) b = step_##name(b, tail_of(x + i, n - i, start_##name));      \
    const vf all = merge_##name(merge_##name(a, b), merge_##name(c, d));     \
    return close_##name(so_far, join_##name(all));                           \
  }                                                                          \
  void OB_ISA(combine_##name)(const float *x, float *y, size_t n) {          \
    size_t i = 0;                                                            \
    for (; i + V_LANES <= n; i += V_LANES) v_store(y + i, step_##name(v_load(y + i), v_load(x + i))); \
    if (i < n) v_store_n(y + i, step_##name(v_load_n(y + i, n - i), v_load_n(x + i, n - i)), n - i);  \
  }
#define merge_sum step_sum
#define merge_sum_abs step_sum
#define merge_sum_square step_sum
#define merge_max step_max
#define merge_min step_min
#define merge_prod step_prod
OB_REDUCTIONS(X)
#undef X

float OB_ISA(dot)(const float *p, const float *q, size_t n) {
  vf a = v_set1(0.0f), b = a;
  size_t i = 0;
  for (; i + 2 * V_LANES <= n; i += 2 * V_LANES) {
    a = v_fma(v_load(p + i), v_load(q + i), a);
    b = v_fma(v_load(p + i + V_LANES), v_load(q + i + V_LANES), b);
  }
  for (; i < n; i += V_LANES) {
    const size_t left = n - i < V_LANES ? n - i : V_LANES;
    a = v_fma(v_load_n(p + i, left), v_load_n(q + i, left), a);
    if (left < V_LANES) break;
  }
  return v_sum(a + b);
}

void OB_ISA(moments)(const float *x, size_t n, float *mean, float *variance) {
  const float m = OB_ISA(reduce_sum)(x, n, 0.0f) / (float)n;
  const vf center = v_set1(m);
  vf a = v_set1(0.0f), b = a;
  size_t i = 0;
  for (; i + 2 * V_LANES <= n; i += 2 * V_LANES) {
    const vf u = v_load(x + i) - center, v = v_load(x + i + V_LANES) - center;
    a = v_fma(u, u, a);
    b = v_fma(v, v, b);
  }
  for (; i + V_LANES <= n; i += V_LANES) {
    const vf u = v_load(x + i) - center;
    a = v_fma(u, u, a);
  }
  if (i < n) {
    const vf u = tail_of(x + i, n - i, m) - center;
    b = v_fma(u, u, b);
  }
  *mean = m;
  *variance = v_sum(a + b) / (float)n;
}

void OB_ISA(scale_shift)(const float *x, float *y, size_t n, float scale, float shift) {
  const vf s = v_set1(scale), t = v_set1(shift);
  size_t i = 0;
  for (; i + V_LANES <= n; i += V_LANES) v_store(y + i, v_fma(v_load(x + i), s, t));
  if (i < n) v_store_n(y + i, v_fma(v_load_n(x + i, n - i), s, t), n - i);
}

/* y = (x * s + t) * scale + bias */
V_FN vf normalized(const ob_norm_t *norm, size_t i, size_t count, vf v) {
  if (count == V_LANES) {
    if (norm->scale) v = v * v_load(norm->scale + i);
    if (norm->bias) v = v + v_load(norm->bias + i);
    return v;
  }
  if (norm->scale) v = v * v_load_n(norm->scale + i, count);
  if (norm->bias) v = v + v_load_n(norm->bias + i, count);
  return v;
}

static void apply_norm(const ob_norm_t *norm, float s, float t) {
  const vf scale = v_set1(s), shift = v_set1(t);
  const size_t n = norm->n;
  size_t i = 0;
  for (; i + V_LANES <= n; i += V_LANES)
    v_store(norm->y + i, normalized(norm, i, V_LANES, v_fma(v_load(norm->x + i), scale, shift)));
  if (i < n) v_store_n(norm->y + i, normalized(norm, i, n - i, v_fma(v_load_n(norm->x + i, n - i), scale, shift)), n - i);
}

void OB_ISA(layer_norm)(ob_norm_t *norm) {
  float variance;
  OB_ISA(moments)(norm->x, norm->n, &norm->mean, &variance);
  norm->inverse = 1.0f / sqrtf(variance + norm->epsilon);
  apply_norm(norm, norm->inverse, -norm->mean * norm->inverse);
}

void OB_ISA(rms_norm)(ob_norm_t *norm) {
  norm->mean = 0.0f;
  norm->inverse = 1.0f / sqrtf(OB_ISA(reduce_sum_square)(norm->x, norm->n, 0.0f) / (float)norm->n + norm->epsilon);
  apply_norm(norm, norm->inverse, 0.0f);
}
