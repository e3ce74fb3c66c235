/* Convolution of doubles: what Conv, ConvInteger and QLinearConv share after their operands were loaded. */
#ifndef OB_REF_SUPPORT_CONVOLVE_H
#define OB_REF_SUPPORT_CONVOLVE_H

#include "ref/support/window.h"

typedef struct ob_ref_convolution {
  ob_ref_window_t window;
  size_t batch, groups, in_channels, out_channels; /* channels: of all groups */
  size_t in_size, out_size, kernel_size;           /* elements of one channel */
  double *image, *weights, *result;                /* one image, all weights, one result, in the scratch */
} ob_ref_convolution_t;

/* Scratch for inputs x and w (their numbers) and output 0. */
OB_MUST_CHECK ob_status_t ob_ref_convolution_prepare(ob_kernel_setup_t *setup, size_t x, size_t w);
/* Checks shapes and finds the scratch. */
OB_MUST_CHECK ob_status_t ob_ref_convolution_begin(const ob_kernel_call_t *call, const ob_tensor_t *x, const ob_tensor_t *w,
                                                   ob_ref_convolution_t *c);
/* Loads image `n`, and all weights, less their zero points (NULL: none): one for all, or for the weights one an output channel. */
OB_MUST_CHECK ob_status_t ob_ref_convolution_image(const ob_ref_convolution_t *c, const ob_tensor_t *x, size_t n, const ob_tensor_t *zero);
OB_MUST_CHECK ob_status_t ob_ref_convolution_weights(const ob_ref_convolution_t *c, const ob_tensor_t *w, const ob_tensor_t *zero);
/* result = convolution of image and weights. Output channels are shared out to the call's threads. */
OB_MUST_CHECK ob_status_t ob_ref_convolve(const ob_kernel_call_t *call, ob_ref_convolution_t *c);

#endif
