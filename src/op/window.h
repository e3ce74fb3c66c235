/* Sliding windows: what convolutions and poolings have in common. */
#ifndef OB_OP_WINDOW_H
#define OB_OP_WINDOW_H

#include "op/infer_util.h"

typedef enum ob_auto_pad { OB_PAD_NOTSET, OB_PAD_VALID, OB_PAD_SAME_UPPER, OB_PAD_SAME_LOWER } ob_auto_pad_t;

typedef struct ob_window {
  size_t axes; /* spatial ones */
  ob_dim_t kernel[OB_MAX_RANK], strides[OB_MAX_RANK], dilations[OB_MAX_RANK];
  ob_dim_t pads[2 * OB_MAX_RANK]; /* begins, then ends */
  ob_auto_pad_t auto_pad;
  bool ceil_mode;
} ob_window_t;

/* Reads kernel_shape, strides, dilations, pads, auto_pad and ceil_mode for `axes` spatial axes and checks them. `weight`: a
 * convolution's, whose trailing sizes are the kernel; NULL: kernel_shape it is. */
void ob_window_read(ob_infer_t *infer, size_t axes, const ob_shape_t *weight, ob_window_t *window);
/* dilation * (kernel - 1) + 1 */
ob_dim_t ob_window_extent(ob_infer_t *infer, const ob_window_t *window, size_t axis);
/* How many places of the window an input of this size has (ONNX AveragePool, Conv). */
ob_dim_t ob_window_places(ob_infer_t *infer, const ob_window_t *window, size_t axis, ob_dim_t input);

/* Output 0 of a convolution of input 0 with the weight at input `weight`, whose bias is at `bias`. */
ob_status_t ob_infer_conv(ob_infer_t *infer, size_t weight, size_t bias);
/* All outputs have the shape of a pooled input 0. */
ob_status_t ob_infer_pool(ob_infer_t *infer);
/* Spatial axes of output 0 are 1. */
ob_status_t ob_infer_global_pool(ob_infer_t *infer);

#endif
