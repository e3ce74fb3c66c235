/* Convolutions of one, two and three dimensions, seen as three. */
#ifndef OB_CPU_GEMM_CONV_H
#define OB_CPU_GEMM_CONV_H

#include "cpu/gemm/gemm.h"

typedef struct ob_conv {
  size_t batch, groups, channels, filters; /* channels and filters of a group */
  size_t in[3], out[3], kernel[3];         /* depth, height, width */
  int64_t stride[3], dilation[3], pad[3];  /* pad: before */
  size_t in_size, out_size, taps;          /* products of the above */
} ob_conv_t;

/* Reads a Conv or a pooling operator: `x`, `y`: its input and output, `kernel`: sizes of the window, `spatial` of them. */
OB_MUST_CHECK ob_status_t ob_conv_read(const ob_kernel_setup_t *setup, const int64_t *kernel, int32_t spatial, ob_conv_t *conv);
/* Moves innermost axes of one element outside: rows become as long as they can be. */
void ob_conv_fold(ob_conv_t *conv);
/* Refuses spatial ranks other than 1 to 3, and pads whose sizes are not known when the shapes are. */
bool ob_conv_supports(const ob_node_view_t *node, char *reason, size_t size);

#endif
