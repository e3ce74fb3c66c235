/* Planes with their padding laid out, for depthwise convolution and pooling: no loop over them has to look where the image ends. */
#ifndef OB_CPU_GEMM_PLANE_H
#define OB_CPU_GEMM_PLANE_H

#include "cpu/gemm/conv.h"

typedef struct ob_padded {
  size_t dims[3]; /* all that the windows touch; the last is rounded up so that rows begin on cache lines */
  size_t window;  /* as in ob_plane_t */
  size_t bytes;   /* of a plane with its slack, a multiple of 64 */
  size_t *taps;   /* offsets of a window's elements */
} ob_padded_t;

OB_MUST_CHECK ob_status_t ob_padded_plan(ob_arena_t *arena, const ob_conv_t *conv, ob_padded_t *padded);
/* Lays plane `x` out at `to`, with `value` around it. */
void ob_padded_fill(const ob_conv_t *conv, const ob_padded_t *padded, const float *x, float value, float *to);
/* Runs `loop` over all windows; `plane` has weights, bias and bounds set. */
void ob_padded_run(const ob_conv_t *conv, const ob_padded_t *padded, const float *from, float *y, void (*loop)(const ob_plane_t *), ob_plane_t plane);

#endif
