/* The inner loops, once for each instruction set. */
#ifndef OB_WINOGRAD_SIMD_H
#define OB_WINOGRAD_SIMD_H

#include "winograd/winograd.h"

enum { OB_WINOGRAD_MAX_POINTS = 36 };

/* A tile of the input: where it begins, and which of its rows and columns lie inside of the image. */
typedef struct ob_winograd_tile {
  size_t image;
  ptrdiff_t y, x;
} ob_winograd_tile_t;

/* Tiles [first, first + count) of the plan, at `outputs` outputs in each direction. */
typedef struct ob_winograd_part {
  const ob_winograd_t *plan;
  const ob_winograd_call_t *call;
  size_t first, count;
  float *spectrum; /* [point][group of tiles][channel block][tile of the group][lane] */
  float *products; /* [point][tile][panel's filters] */
} ob_winograd_part_t;

typedef struct ob_winograd_isa {
  size_t lanes, group, panel; /* channels in a vector; tiles and filters that stay in registers */
  /* Transforms channel block `block` of the part's tiles. */
  void (*analyse)(const ob_winograd_part_t *part, size_t block);
  /* Multiplies the part's spectrum with the weights of panel `panel`, and transforms the products back. */
  void (*synthesise)(const ob_winograd_part_t *part, size_t panel);
} ob_winograd_isa_t;

extern const ob_winograd_isa_t ob_winograd_avx2, ob_winograd_avx512;

#endif
