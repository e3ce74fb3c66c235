/* Windows that slide over spatial axes: what convolutions and pooling share. */
#ifndef OB_REF_SUPPORT_WINDOW_H
#define OB_REF_SUPPORT_WINDOW_H

#include "ref/support/element.h"
#include "ref/support/shape.h"

/* Spatial axes of one call; tensors are [batch, channel, axes...]. */
typedef struct ob_ref_window {
  int32_t rank;
  const int64_t *in, *out; /* sizes of the spatial axes */
  int64_t kernel[OB_MAX_RANK], stride[OB_MAX_RANK], dilation[OB_MAX_RANK];
  int64_t begin[OB_MAX_RANK], end[OB_MAX_RANK]; /* padding */
} ob_ref_window_t;

/* From the attributes kernel_shape (or `kernel`, the dims of the weights, when it is not stated), strides, dilations, pads and
 * auto_pad. The output's size is what inference said: positions outside of the input count as padding. */
OB_MUST_CHECK ob_status_t ob_ref_window(const ob_kernel_call_t *call, const ob_tensor_t *x, const ob_tensor_t *y, const int64_t *kernel,
                                        ob_ref_window_t *window);
/* Where kernel element `k` of the window at output `o` reads along an axis; may be outside of [0, in). */
static inline int64_t ob_ref_window_at(const ob_ref_window_t *window, int32_t axis, int64_t o, int64_t k) {
  return o * window->stride[axis] - window->begin[axis] + k * window->dilation[axis];
}

#endif
