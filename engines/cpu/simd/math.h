/* Elementary functions on vectors of float, to a few units in the last place over the whole range (math_test.c has the bounds). */
#ifndef OB_CPU_SIMD_MATH_H
#define OB_CPU_SIMD_MATH_H

#include "cpu/simd/vec.h"

/* e^x: x = n ln2 + r, a polynomial of r, then a change of exponent. */
V_FN vf v_exp(vf x) {
  x = v_min(v_set1(89.0f), v_max(v_set1(-104.0f), x)); /* NaN stays */
  const vf n = v_round(x * v_set1(1.44269504088896341f));
  vf r = v_fnma(n, v_set1(0.693359375f), x);
  r = v_fnma(n, v_set1(-2.12194440e-4f), r);
  vf p = v_set1(1.9875691500e-4f);
  p = v_fma(p, r, v_set1(1.3981999507e-3f));
  p = v_fma(p, r, v_set1(8.3334519073e-3f));
  p = v_fma(p, r, v_set1(4.1665795894e-2f));
  p = v_fma(p, r, v_set1(1.6666665459e-1f));
  p = v_fma(p, r, v_set1(5.0000001201e-1f));
  p = v_fma(p, r * r, r) + v_set1(1.0f);
  return v_scale(p, n);
}

/* ln x: mantissa in [sqrt(1/2), sqrt(2)), a polynomial of its distance to 1 (Cephes' coefficients). */
V_FN vf v_log(vf x) {
  const vf tiny = v_set1(1.17549435e-38f), one = v_set1(1.0f), infinity = v_set1(INFINITY);
  const vm small = v_lt(x, tiny);
  const vf scaled = v_select(small, x * v_set1(8388608.0f), x);
  vi bits = v_bits(scaled);
  const vi shifted = v_sub_i(bits, v_set1_i(0x3f3504f3)); /* sqrt(1/2) */
  vf e = v_from_int(v_sar_i(shifted, 23)) - v_select(small, v_set1(23.0f), v_set1(0.0f));
  bits = v_add_i(v_and_i(shifted, v_set1_i(0x007fffff)), v_set1_i(0x3f3504f3));
  const vf f = v_float_bits(bits) - one, z = f * f;
  vf p = v_set1(7.0376836292e-2f);
  p = v_fma(p, f, v_set1(-1.1514610310e-1f));
  p = v_fma(p, f, v_set1(1.1676998740e-1f));
  p = v_fma(p, f, v_set1(-1.2420140846e-1f));
  p = v_fma(p, f, v_set1(1.4249322787e-1f));
  p = v_fma(p, f, v_set1(-1.6668057665e-1f));
  p = v_fma(p, f, v_set1(2.0000714765e-1f));
  p = v_fma(p, f, v_set1(-2.4999993993e-1f));
  p = v_fma(p, f, v_set1(3.3333331174e-1f));
  vf y = p * f * z;
  y = v_fma(e, v_set1(-2.12194440e-4f), y);
  y = v_fnma(z, v_set1(0.5f), y);
  y = v_fma(e, v_set1(0.693359375f), f + y);
  y = v_select(v_eq(x, infinity), infinity, y);
  y = v_select(v_eq(x, v_set1(0.0f)), v_neg(infinity), y);
  y = v_select(v_lt(x, v_set1(0.0f)), v_set1(NAN), y);
  return v_select(v_nan(x), x, y);
}

/* ln(1 + x) for x > -1, exact for small x by Kahan's correction. */
V_FN vf v_log1p(vf x) {
  const vf one = v_set1(1.0f), u = one + x, d = u - one;
  const vf y = v_log(u) * (x / v_select(v_eq(d, v_set1(0.0f)), one, d));
  return v_select(v_eq(d, v_set1(0.0f)), x, y);
}

/* e^x - 1 without cancellation. */
V_FN vf v_expm1(vf x) {
  const vf ax = v_abs(x);
  /* |x| <= 0.5: a polynomial, else the difference is safe */
  vf p = v_set1(1.9875691500e-4f);
  p = v_fma(p, x, v_set1(1.3981999507e-3f));
  p = v_fma(p, x, v_set1(8.3334519073e-3f));
  p = v_fma(p, x, v_set1(4.1665795894e-2f));
  p = v_fma(p, x, v_set1(1.6666665459e-1f));
  p = v_fma(p, x, v_set1(5.0000001201e-1f));
  p = v_fma(p * x, x, x);
  return v_select(v_lt(ax, v_set1(0.35f)), p, v_exp(x) - v_set1(1.0f));
}

/* By e^-|x|, which does not overflow: far to the left the result is e^x. */
V_FN vf v_sigmoid(vf x) {
  const vf one = v_set1(1.0f), e = v_exp(v_neg(v_abs(x)));
  return v_select(v_lt(x, v_set1(0.0f)), e, one) / (one + e);
}

/* tanh: an odd polynomial near 0, 1 - 2 / (e^2x + 1) beyond (Cephes). */
V_FN vf v_tanh(vf x) {
  const vf one = v_set1(1.0f), ax = v_abs(x), z = x * x;
  vf p = v_set1(-5.70498872745e-3f);
  p = v_fma(p, z, v_set1(2.06390887954e-2f));
  p = v_fma(p, z, v_set1(-5.37397155531e-2f));
  p = v_fma(p, z, v_set1(1.33314422036e-1f));
  p = v_fma(p, z, v_set1(-3.33332819422e-1f));
  p = v_fma(p * z, x, x);
  const vf large = one - v_set1(2.0f) / (v_exp(ax + ax) + one);
  return v_select(v_lt(ax, v_set1(0.625f)), p, v_copysign(large, x));
}

/* erf: an odd polynomial near 0, 1 - e^q(|x|) beyond. */
V_FN vf v_erf(vf x) {
  const vf t = v_abs(x), s = x * x;
  vf q = v_fma(v_set1(-1.72853470e-5f), t, v_set1(3.83197126e-4f));
  q = v_fma(q, s, v_fma(v_set1(-3.88396438e-3f), t, v_set1(2.42546219e-2f)));
  q = v_fma(q, t, v_set1(-1.06777877e-1f));
  q = v_fma(q, t, v_set1(-6.34846687e-1f));
  q = v_fma(q, t, v_set1(-1.28717512e-1f));
  q = v_fma(q, t, v_neg(t));
  /* beyond 4 erf is 1 in float, and q leaves its range there */
  const vf large = v_select(v_gt(t, v_set1(4.0f)), v_set1(1.0f), v_set1(1.0f) - v_exp(q));
  vf p = v_set1(-5.96761703e-4f);
  p = v_fma(p, s, v_set1(4.99119423e-3f));
  p = v_fma(p, s, v_set1(-2.67681349e-2f));
  p = v_fma(p, s, v_set1(1.12819925e-1f));
  p = v_fma(p, s, v_set1(-3.76125336e-1f));
  p = v_fma(p, s, v_set1(1.28379166e-1f));
  p = v_fma(p, x, x);
  return v_select(v_gt(t, v_set1(0.927734375f)), v_copysign(large, x), p);
}

/* sin (quadrant 0) or cos (quadrant 1); |x| up to 8192 (the caller takes larger ones elsewhere). */
V_FN vf v_sin_shifted(vf x, int32_t quadrant) {
  const vf n = v_round(x * v_set1(0.636619772367581343f));
  const vi q = v_add_i(v_to_int(n), v_set1_i(quadrant));
  vf r = v_fnma(n, v_set1(1.5703125f), x);
  r = v_fnma(n, v_set1(4.837512969970703125e-4f), r);
  r = v_fnma(n, v_set1(7.549789948768648e-8f), r);
  const vf z = r * r;
  vf s = v_set1(-1.9515295891e-4f);
  s = v_fma(s, z, v_set1(8.3321608736e-3f));
  s = v_fma(s, z, v_set1(-1.6666654611e-1f));
  s = v_fma(s * z, r, r);
  vf c = v_set1(2.443315711809948e-5f);
  c = v_fma(c, z, v_set1(-1.388731625493765e-3f));
  c = v_fma(c, z, v_set1(4.166664568298827e-2f));
  c = v_fma(c * z, z, v_fnma(z, v_set1(0.5f), v_set1(1.0f)));
  const vf y = v_select(v_eq_i(v_and_i(q, v_set1_i(1)), v_set1_i(0)), s, c);
  return v_float_bits(v_xor_i(v_bits(y), v_shl_i(v_and_i(q, v_set1_i(2)), 30)));
}

#endif
