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

/* tanh: a ratio of an odd and an even polynomial of x; exactly 1 from 8.7 on. Tiny x is its own result. */
V_FN vf v_tanh(vf x) {
  const vf limit = v_set1(7.99881172180175781f), c = v_min(limit, v_max(v_neg(limit), x)), z = c * c;
  vf p = v_set1(-2.76076847742355e-16f);
  p = v_fma(p, z, v_set1(2.00018790482477e-13f));
  p = v_fma(p, z, v_set1(-8.60467152213735e-11f));
  p = v_fma(p, z, v_set1(5.12229709037114e-08f));
  p = v_fma(p, z, v_set1(1.48572235717979e-05f));
  p = v_fma(p, z, v_set1(6.37261928875436e-04f));
  p = v_fma(p, z, v_set1(4.89352455891786e-03f));
  vf q = v_set1(1.19825839466702e-06f);
  q = v_fma(q, z, v_set1(1.18534705686654e-04f));
  q = v_fma(q, z, v_set1(2.26843463243900e-03f));
  q = v_fma(q, z, v_set1(4.89352518554385e-03f));
  const vf y = v_select(v_gt(v_abs(x), v_set1(8.7f)), v_copysign(v_set1(1.0f), x), c * (p / q));
  return v_select(v_lt(v_abs(x), v_set1(0.0004f)), x, y);
}

/* erf: a ratio of an odd and an even polynomial of x; exactly 1 from where it rounds to 1. */
V_FN vf v_erf(vf x) {
  const vf limit = v_set1(4.0f), c = v_min(limit, v_max(v_neg(limit), x)), z = c * c;
  vf p = v_set1(-2.72614225801306e-10f);
  p = v_fma(p, z, v_set1(2.77068142495902e-08f));
  p = v_fma(p, z, v_set1(-2.10102402082508e-06f));
  p = v_fma(p, z, v_set1(-5.69250639462346e-05f));
  p = v_fma(p, z, v_set1(-7.34990630326855e-04f));
  p = v_fma(p, z, v_set1(-2.95459980854025e-03f));
  p = v_fma(p, z, v_set1(-1.60960333262415e-02f));
  vf q = v_set1(-1.45660718464996e-05f);
  q = v_fma(q, z, v_set1(-2.13374055278905e-04f));
  q = v_fma(q, z, v_set1(-1.68282697438203e-03f));
  q = v_fma(q, z, v_set1(-7.37332916720468e-03f));
  q = v_fma(q, z, v_set1(-1.42647390514189e-02f));
  const vf one = v_set1(1.0f), y = v_min(one, v_max(v_neg(one), c * (p / q))); /* the ratio may round to a little more than 1 */
  return v_select(v_gt(v_abs(x), v_set1(3.925f)), v_copysign(one, x), y);
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
