/* Blocks of a matrix product: packs what is not packed, keeps a block of B in the L2 cache and walks over it with panels of A. */
#include "cpu/gemm/gemm.h"

#include <math.h>
#include <string.h>

/* Rows of B in a block: a panel of them and one of A fit the L1 cache. Columns: a block fits the L2 cache. */
enum { KC = 384, NC = 256 };

static size_t ceil_div(size_t a, size_t b) { return (a + b - 1) / b; }
static size_t round_up(size_t a, size_t b) { return ceil_div(a, b) * b; }

/* k in blocks of one size. */
static size_t depth_of(size_t k) { return k == 0 ? 1 : ceil_div(k, ceil_div(k, KC)); }

ob_gemm_cut_t ob_gemm_cut(const ob_isa_t *isa, size_t m, size_t n, size_t batch, uint32_t threads) {
  const size_t mr = isa->gemm_rows, nr = isa->gemm_columns;
  ob_gemm_cut_t cut = {.row_blocks = 1, .column_blocks = ceil_div(n, NC)};
  if (cut.column_blocks == 0) cut.column_blocks = 1;
  if (threads > 1 && batch % threads != 0) {
    /* as many blocks as threads, or a multiple, so that none waits: columns first, rows where there are too few columns */
    const size_t wanted = round_up(cut.column_blocks, threads);
    if (ceil_div(n, nr) >= 2 * wanted)
      cut.column_blocks = wanted;
    else if (ceil_div(m, mr) >= threads)
      cut.row_blocks = threads;
    else if (ceil_div(n, nr) >= threads)
      cut.column_blocks = wanted;
  }
  cut.columns = round_up(ceil_div(n, cut.column_blocks), nr);
  cut.rows = round_up(ceil_div(m, cut.row_blocks), mr);
  cut.column_blocks = cut.columns ? ceil_div(n, cut.columns) : 0;
  cut.row_blocks = cut.rows ? ceil_div(m, cut.rows) : 0;
  return cut;
}

size_t ob_gemm_scratch(const ob_isa_t *isa, const ob_gemm_cut_t *cut, size_t k) {
  return round_up((cut->columns + isa->gemm_rows) * depth_of(k) * sizeof(float), 64);
}

static void pack_columns(const ob_gemm_t *g, size_t k0, size_t kc, size_t first, size_t count, float *panel, size_t nr) {
  const float *b = g->b + k0 * g->b_row + first * g->b_column;
  for (size_t k = 0; k < kc; k++, panel += nr, b += g->b_row) {
    if (g->b_column == 1 && count == nr)
      memcpy(panel, b, nr * sizeof *panel);
    else {
      for (size_t j = 0; j < count; j++) panel[j] = b[j * g->b_column];
      for (size_t j = count; j < nr; j++) panel[j] = 0.0f;
    }
  }
}

/* Rows [k0, k0 + kc) of columns [n0, n1) as panels, one after the other. */
static void pack_b_block(const ob_isa_t *isa, const ob_gemm_t *g, size_t k0, size_t kc, size_t n0, size_t n1, float *to) {
  const size_t nr = isa->gemm_columns;
  for (size_t n = n0; n < n1; n += nr, to += kc * nr) {
    const size_t count = n1 - n < nr ? n1 - n : nr;
    if (g->pack_b)
      g->pack_b(g->pack_arg, k0, kc, n, count, to);
    else if (g->b_row == 1) /* transposed: each column is contiguous */
      isa->pack_rows(g->b + k0 + n * g->b_column, g->b_column, count, kc, 1.0f, to, nr);
    else
      pack_columns(g, k0, kc, n, count, to, nr);
  }
}

static void pack_a_panel(const ob_isa_t *isa, const ob_gemm_t *g, size_t m, size_t rows, size_t k0, size_t kc, float *to) {
  const size_t mr = isa->gemm_rows;
  const float *a = g->a + m * g->a_row + k0 * g->a_column;
  if (g->a_column == 1) {
    isa->pack_rows(a, g->a_row, rows, kc, g->alpha, to, mr);
    return;
  }
  for (size_t k = 0; k < kc; k++, a += g->a_column, to += mr) {
    for (size_t i = 0; i < rows; i++) to[i] = g->alpha * a[i * g->a_row];
    for (size_t i = rows; i < mr; i++) to[i] = 0.0f;
  }
}

/* One row by panels: no tile, B is read once. */
static void row_block(const ob_isa_t *isa, const ob_gemm_t *g, size_t n0, size_t n1) {
  const size_t n = n1 - n0;
  float *c = g->c + n0;
  const float bias = g->row_bias ? *g->row_bias : 0.0f;
  if (!g->accumulate)
    for (size_t i = 0; i < n; i++) c[i] = bias;
  isa->gemv(g->a, g->packed_b, g->k, n0, n, c);
  if (g->column_bias) isa->combine[OB_REDUCE_SUM](g->column_bias + n0, c, n);
  if (g->low > -INFINITY || g->high < INFINITY) {
    const float bounds[2] = {g->low, g->high};
    const ob_tile_t tile = {.in = {c}, .out = c, .n = n, .param = bounds};
    isa->unary[OB_UNARY_clip](&tile);
  }
}

void ob_gemm_block(const ob_isa_t *isa, const ob_gemm_t *g, const ob_gemm_cut_t *cut, size_t index, void *scratch) {
  const size_t mr = isa->gemm_rows, nr = isa->gemm_columns, depth = depth_of(g->k);
  const size_t m0 = index / cut->column_blocks * cut->rows, n0 = index % cut->column_blocks * cut->columns;
  const size_t m1 = m0 + cut->rows < g->m ? m0 + cut->rows : g->m, n1 = n0 + cut->columns < g->n ? n0 + cut->columns : g->n;
  float *room_b = scratch, *room_a = room_b + cut->columns * depth; /* panels of B start on cache lines */
  size_t k0 = 0;
  if (m1 - m0 == 1 && g->packed_b && !g->packed_a && g->a_column == 1 && g->alpha == 1.0f && g->m == 1) {
    row_block(isa, g, n0, n1);
    return;
  }
  do { /* once too when k is 0: the sum is empty, bias and bounds still count */
    const size_t kc = g->k - k0 < depth ? g->k - k0 : depth;
    if (!g->packed_b) pack_b_block(isa, g, k0, kc, n0, n1, room_b);
    for (size_t m = m0; m < m1; m += mr) {
      ob_gemm_tile_t tile = {.k = kc, .ldc = g->ldc, .low = g->low, .high = g->high};
      tile.rows = m1 - m < mr ? m1 - m : mr;
      tile.accumulate = g->accumulate || k0 > 0;
      tile.last = k0 + kc == g->k;
      tile.row_bias = g->row_bias ? g->row_bias + m : NULL;
      tile.a = g->packed_a ? g->packed_a + m * g->k + k0 * mr : room_a;
      if (!g->packed_a) pack_a_panel(isa, g, m, tile.rows, k0, kc, room_a);
      for (size_t n = n0; n < n1; n += nr) {
        tile.columns = n1 - n < nr ? n1 - n : nr;
        tile.b = g->packed_b ? g->packed_b + n * g->k + k0 * nr : room_b + (n - n0) * kc;
        tile.c = g->c + m * g->ldc + n;
        tile.column_bias = g->column_bias ? g->column_bias + n : NULL;
        isa->gemm(&tile);
      }
    }
    k0 += kc;
  } while (k0 < g->k);
}
