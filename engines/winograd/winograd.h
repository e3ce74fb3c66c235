/* 3x3 convolutions of stride 1 by Winograd's minimal filtering, for engines to share.
 *
 * F(2,3) and F(4,3) make tiles of 2x2 or 4x4 outputs from 4x4 or 6x6 inputs with 16 or 36 products in place of 36 or 144:
 * 2.25 or 4 times fewer. Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks" (2015). F(4,3) uses the points
 * 0, +-5/8, +-3/2 and infinity: its errors are about 3e-6 of the largest output, a third of those of the usual points (direct: 3e-7).
 *
 * Images have their channels last or in blocks of `lanes` channels. Everything is float32. */
#ifndef OB_WINOGRAD_H
#define OB_WINOGRAD_H

#include <outboard/engine.h>

/* Dilation, stride and groups are 1. */
typedef struct ob_winograd_shape {
  size_t batch, channels, filters;
  size_t in_height, in_width, out_height, out_width;
  size_t pad_top, pad_left;
  size_t lanes; /* channels in a block of an image: 16 (AVX-512) or 8 (AVX2) */
} ob_winograd_shape_t;

/* Read-only once it is made; filled in by ob_winograd_plan(). */
typedef struct ob_winograd {
  ob_winograd_shape_t shape;
  const struct ob_winograd_isa *isa;
  size_t outputs;           /* of a tile, in each direction: 2 or 4 */
  size_t points;            /* products of a tile */
  size_t channels, filters; /* filled up to whole vectors, and to whole panels */
  size_t tile_rows, tile_columns, tiles;
  size_t block, blocks;     /* tiles that are worked on together */
  size_t spectrum_step, product_step; /* floats from one point to the next in a block's spectrum and products */
  uint32_t threads;
  bool by_filter;           /* threads share the filters of each block, not the blocks */
  size_t packed_bytes;      /* of weights */
  size_t scratch_bytes;     /* of a call */
  double seconds;           /* about what a run takes on one thread */
} ob_winograd_t;

/* Plans with tiles of `outputs` (2 or 4) outputs in each direction. False where this CPU has no kernels, or sizes overflow. */
bool ob_winograd_plan(const ob_winograd_shape_t *shape, size_t outputs, uint32_t threads, ob_winograd_t *plan);
/* About what a good direct convolution takes on one thread, in seconds. */
double ob_winograd_direct_seconds(const ob_winograd_shape_t *shape);

/* Transforms weights, [filters][channels][3][3], into plan->packed_bytes at `packed`, 64-byte aligned. They depend on channels, filters
 * and outputs alone. */
void ob_winograd_pack(const ob_winograd_t *plan, const float *weights, float *packed);

/* An image: where element (n, y, x) of its first block of channels is, and how far the other blocks are. In floats. */
typedef struct ob_winograd_image {
  float *data; /* that of the input is only read */
  size_t batch, row, pixel, block;
  size_t channels; /* that have a place: with blocks, those that fill up the last one too */
} ob_winograd_image_t;
typedef struct ob_winograd_layout {
  size_t channels, height, width, lanes;
  bool channels_last;
} ob_winograd_layout_t;
ob_winograd_image_t ob_winograd_image(const float *data, const ob_winograd_layout_t *layout);

typedef struct ob_winograd_call {
  ob_winograd_image_t in, out;
  const float *packed;
  const float *bias;     /* [filters] or NULL */
  const float *residual; /* added before the limits; lies as `out` does, and may be its memory; NULL: none */
  float low, high;       /* limits of the outputs; -INFINITY and INFINITY: none */
  void *scratch;         /* plan->scratch_bytes, 64-byte aligned */
} ob_winograd_call_t;
/* Channels that fill up the last block of `in` must be zero; those of `out` are made zero, if low <= 0 <= high. Any number of calls at once, each with its own scratch. */
void ob_winograd_run(const ob_host_t *host, const ob_winograd_t *plan, const ob_winograd_call_t *call);

#endif
