/* See fourier.h. */
#include "ref/support/fourier.h"

#include <math.h>

void ob_ref_fourier(const double *in, int64_t length, bool inverse, int64_t count, double *out) {
  for (int64_t k = 0; k < count; k++) {
    double real = 0, imaginary = 0;
    for (int64_t n = 0; n < length; n++) {
      /* the product modulo the length keeps the angle small and exact */
      double angle = (inverse ? 1 : -1) * 6.283185307179586476925 * (double)((uint64_t)k * (uint64_t)n % (uint64_t)length) / (double)length;
      double c = cos(angle), s = sin(angle);
      real += in[2 * n] * c - in[2 * n + 1] * s;
      imaginary += in[2 * n] * s + in[2 * n + 1] * c;
    }
    out[2 * k] = inverse ? real / (double)length : real;
    out[2 * k + 1] = inverse ? imaginary / (double)length : imaginary;
  }
}
