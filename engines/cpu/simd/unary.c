/* Element-wise functions of one float32 tile. */
#include "cpu/simd/isa.h"
#include "cpu/simd/math.h"
#include "cpu/simd/parts.h"

V_FN vf v_gelu_tanh(vf x) {
  const vf inner = v_set1(0.79788456080286536f) * v_fma(x * x * x, v_set1(0.044715f), x);
  return v_set1(0.5f) * x * (v_set1(1.0f) + v_tanh(inner));
}

/* x tanh(ln(1 + e^x)) = x n / (n + 2) with n = e^x (e^x + 2); from 20 on it is x. */
V_FN vf v_mish(vf x) {
  const vf e = v_exp(v_min(v_set1(20.0f), x)), n = e * (e + v_set1(2.0f));
  return v_select(v_gt(x, v_set1(20.0f)), x, x * (n / (n + v_set1(2.0f))));
}

/* The C library's function on each lane: for operators that no network spends time on. */
#define BY_LANE(name, fn)                                          \
  static __attribute__((noinline)) vf name(vf x) {                 \
    float lanes[V_LANES];                                          \
    v_store(lanes, x);                                             \
    for (size_t i = 0; i < V_LANES; i++) lanes[i] = fn(lanes[i]);  \
    return v_load(lanes);                                          \
  }
BY_LANE(v_tan, tanf)
BY_LANE(v_asin, asinf)
BY_LANE(v_acos, acosf)
BY_LANE(v_atan, atanf)
BY_LANE(v_sinh, sinhf)
BY_LANE(v_cosh, coshf)
BY_LANE(v_asinh, asinhf)
BY_LANE(v_acosh, acoshf)
BY_LANE(v_atanh, atanhf)
BY_LANE(sin_by_lane, sinf)
BY_LANE(cos_by_lane, cosf)

V_FN int is_far(vf x) { return v_any(v_gt(v_abs(x), v_set1(8192.0f))); }
V_FN vf v_sin(vf x) { return is_far(x) ? sin_by_lane(x) : v_sin_shifted(x, 0); }
V_FN vf v_cos(vf x) { return is_far(x) ? cos_by_lane(x) : v_sin_shifted(x, 1); }

#define X(name, expression)                                                   \
  V_FN vf apply_##name(vf x, const float *p) {                                \
    (void)p;                                                                  \
    return expression;                                                        \
  }                                                                           \
  void OB_ISA(unary_##name)(const ob_tile_t *tile) {                          \
    const float *x = tile->in[0], *p = tile->param;                           \
    float *y = tile->out;                                                     \
    const size_t n = tile->scalars & 1 ? 0 : tile->n;                         \
    size_t i = 0;                                                             \
    for (; i + V_LANES <= n; i += V_LANES) v_store(y + i, apply_##name(v_load(x + i), p)); \
    if (i < n) v_store_n(y + i, apply_##name(v_load_n(x + i, n - i), p), n - i); \
    if (tile->scalars & 1) ob_isa_fill(y, tile->n, apply_##name(v_set1(*x), p)); \
  }
#include "cpu/simd/unary.def"
#undef X
