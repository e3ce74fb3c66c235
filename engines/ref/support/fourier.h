/* The discrete Fourier transform by its definition: what DFT and STFT share. */
#ifndef OB_REF_SUPPORT_FOURIER_H
#define OB_REF_SUPPORT_FOURIER_H

#include "ref/support/element.h"
#include "ref/support/shape.h"

/* The first `count` results for `length` complex numbers (real and imaginary parts alternating). */
void ob_ref_fourier(const double *in, int64_t length, bool inverse, int64_t count, double *out);

#endif
