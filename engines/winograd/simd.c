/* The inner loops: tiles to their spectrum, products, and back. Compiled once for each instruction set. */
#include "winograd/simd.h"

#include "cpu/simd/vec.h"

#if defined(OB_CPU_AVX512)
#define TABLE ob_winograd_avx512
#define GROUP 14 /* tiles whose sums stay in registers, 2 vectors of filters each */
#else
#define TABLE ob_winograd_avx2
#define GROUP 6
#endif
#define PANEL (2 * V_LANES)
#define LARGEST 6

/* ---------------------------------------------------------------- transforms of one row or column */

/* The points of F(4,3): 0, +-P, +-Q and infinity. */
#define P 0.625f
#define Q 1.5f

V_FN void forward(int outputs, const vf *d, vf *s) {
  if (outputs == 2) {
    s[0] = d[2] - d[0];
    s[1] = d[2] + d[1];
    s[2] = d[2] - d[1];
    s[3] = d[3] - d[1];
    return;
  }
  const vf pp = v_set1(P * P), qq = v_set1(Q * Q);
  const vf even_p = v_fnma(qq, d[2], d[4]), odd_p = v_set1(P) * v_fnma(qq, d[1], d[3]);
  const vf even_q = v_fnma(pp, d[2], d[4]), odd_q = v_set1(Q) * v_fnma(pp, d[1], d[3]);
  const vf sum = v_set1(P * P + Q * Q), product = v_set1(P * P * Q * Q);
  s[0] = v_fma(product, d[0], v_fnma(sum, d[2], d[4]));
  s[1] = even_p + odd_p;
  s[2] = even_p - odd_p;
  s[3] = even_q + odd_q;
  s[4] = even_q - odd_q;
  s[5] = v_fma(product, d[1], v_fnma(sum, d[3], d[5]));
}

V_FN void backward(int outputs, const vf *m, vf *y) {
  const vf sum_p = m[1] + m[2], difference_p = m[1] - m[2];
  if (outputs == 2) {
    y[0] = m[0] + sum_p;
    y[1] = difference_p + m[3];
    return;
  }
  const vf sum_q = m[3] + m[4], difference_q = m[3] - m[4];
  y[0] = m[0] + (sum_p + sum_q);
  y[1] = v_fma(v_set1(P), difference_p, v_set1(Q) * difference_q);
  y[2] = v_fma(v_set1(P * P), sum_p, v_set1(Q * Q) * sum_q);
  y[3] = v_fma(v_set1(P * P * P), difference_p, v_fma(v_set1(Q * Q * Q), difference_q, m[5]));
}

/* ---------------------------------------------------------------- tiles */

typedef struct place {
  size_t image, row, column; /* of the tile */
} place_t;

V_FN place_t place_of(const ob_winograd_t *plan, size_t tile) {
  return (place_t){.image = tile / (plan->tile_rows * plan->tile_columns),
                   .row = tile / plan->tile_columns % plan->tile_rows,
                   .column = tile % plan->tile_columns};
}

V_FN void next_place(const ob_winograd_t *plan, place_t *p) {
  if (++p->column < plan->tile_columns) return;
  p->column = 0;
  if (++p->row < plan->tile_rows) return;
  p->row = 0;
  p->image++;
}

/* Rows or columns [*begin, *end) of the n of a tile that lie inside of the image. */
V_FN void inside(ptrdiff_t at, size_t size, int n, int *begin, int *end) {
  const ptrdiff_t left = (ptrdiff_t)size - at;
  *begin = at >= 0 ? 0 : at <= -n ? n : (int)-at;
  *end = left >= n ? n : left <= 0 ? 0 : (int)left;
}

V_FN void load_tile(int n, const ob_winograd_part_t *part, place_t place, size_t block, vf d[LARGEST][LARGEST]) {
  const ob_winograd_shape_t *s = &part->plan->shape;
  const ob_winograd_image_t *in = &part->call->in;
  const ptrdiff_t y = (ptrdiff_t)(place.row * (size_t)(n - 2)) - (ptrdiff_t)s->pad_top;
  const ptrdiff_t x = (ptrdiff_t)(place.column * (size_t)(n - 2)) - (ptrdiff_t)s->pad_left;
  const float *from = in->data + place.image * in->batch + block * in->block;
  int top, bottom, left, right;
  inside(y, s->in_height, n, &top, &bottom);
  inside(x, s->in_width, n, &left, &right);
  const size_t have = in->channels - block * V_LANES; /* fewer than a vector has in the last block of channels that lie last */
  if (bottom - top == n && right - left == n && have >= V_LANES) {
    from += (size_t)y * in->row + (size_t)x * in->pixel;
#pragma GCC unroll 6
    for (int i = 0; i < n; i++)
#pragma GCC unroll 6
      for (int j = 0; j < n; j++) d[i][j] = v_load(from + (size_t)i * in->row + (size_t)j * in->pixel);
    return;
  }
  for (int i = 0; i < n; i++)
    for (int j = 0; j < n; j++)
      d[i][j] = i >= top && i < bottom && j >= left && j < right
                    ? v_load_n(from + (size_t)(y + i) * in->row + (size_t)(x + j) * in->pixel, have < V_LANES ? have : V_LANES)
                    : v_set1(0.0f);
}

V_FN void analyse(int outputs, const ob_winograd_part_t *part, size_t block) {
  const ob_winograd_t *plan = part->plan;
  const int n = outputs + 2;
  const size_t point_step = plan->spectrum_step, group_step = GROUP * plan->channels;
  place_t place = place_of(plan, part->first);
  for (size_t t = 0; t < part->count; t++, next_place(plan, &place)) {
    float *to = part->spectrum + t / GROUP * group_step + block * GROUP * V_LANES + t % GROUP * V_LANES;
    vf d[LARGEST][LARGEST], half[LARGEST][LARGEST];
    load_tile(n, part, place, block, d);
#pragma GCC unroll 6
    for (int i = 0; i < n; i++) forward(outputs, d[i], half[i]);
#pragma GCC unroll 6
    for (int j = 0; j < n; j++) {
      vf column[LARGEST], s[LARGEST];
#pragma GCC unroll 6
      for (int i = 0; i < n; i++) column[i] = half[i][j];
      forward(outputs, column, s);
#pragma GCC unroll 6
      for (int i = 0; i < n; i++) v_store(to + (size_t)(i * n + j) * point_step, s[i]);
    }
  }
}

/* ---------------------------------------------------------------- products */

/* One point: the tiles of a group with the filters of a panel. `tiles` is a constant where this is inlined. */
V_FN void multiply_group(const float *spectrum, const float *weights, size_t channels, float *products, int tiles) {
  vf c[GROUP][2];
#pragma GCC unroll 14
  for (int i = 0; i < tiles; i++) c[i][0] = c[i][1] = v_set1(0.0f);
  for (size_t block = 0; block < channels; block += V_LANES, spectrum += GROUP * V_LANES)
    for (size_t k = 0; k < V_LANES; k++, weights += PANEL) {
      const vf a = v_load(weights), b = v_load(weights + V_LANES);
#pragma GCC unroll 14
      for (int i = 0; i < tiles; i++) {
        const vf x = v_set1(spectrum[(size_t)i * V_LANES + k]);
        c[i][0] = v_fma(x, a, c[i][0]);
        c[i][1] = v_fma(x, b, c[i][1]);
      }
    }
#pragma GCC unroll 14
  for (int i = 0; i < tiles; i++) {
    v_store(products + i * PANEL, c[i][0]);
    v_store(products + i * PANEL + V_LANES, c[i][1]);
  }
}

#define ROWS(n) \
  static void multiply_##n(const float *spectrum, const float *weights, size_t channels, float *products) { \
    multiply_group(spectrum, weights, channels, products, n);                                               \
  }
ROWS(1) ROWS(2) ROWS(3) ROWS(4) ROWS(5) ROWS(6)
#if GROUP > 6
ROWS(7) ROWS(8) ROWS(9) ROWS(10) ROWS(11) ROWS(12) ROWS(13) ROWS(14)
#endif
static void (*const multiply_by[])(const float *, const float *, size_t, float *) = {
    multiply_1, multiply_2, multiply_3, multiply_4,  multiply_5,  multiply_6,
#if GROUP > 6
    multiply_7, multiply_8, multiply_9, multiply_10, multiply_11, multiply_12, multiply_13, multiply_14,
#endif
};

static void multiply(const ob_winograd_part_t *part, size_t panel) {
  const ob_winograd_t *plan = part->plan;
  const float *weights = part->call->packed + panel * plan->points * plan->channels * PANEL;
  for (size_t p = 0; p < plan->points; p++, weights += plan->channels * PANEL)
    for (size_t t = 0; t < part->count; t += GROUP) {
      const size_t tiles = part->count - t < GROUP ? part->count - t : GROUP;
      multiply_by[tiles - 1](part->spectrum + p * plan->spectrum_step + t * plan->channels, weights, plan->channels,
                             part->products + p * plan->product_step + t * PANEL);
    }
}

/* ---------------------------------------------------------------- back */

typedef struct finish {
  const ob_winograd_call_t *call;
  vf bias, low, high;
  size_t rows, columns; /* of the tile, inside of the image */
  size_t at;            /* of its first output */
  size_t channels;      /* that have a place in the output, from the first of the vector on */
} finish_t;

V_FN vf finished(const finish_t *f, vf y, vf residual) {
  return v_min(f->high, v_max(f->low, y + f->bias + residual));
}

V_FN void store_row(int outputs, const finish_t *f, int i, const vf *y) {
  const ob_winograd_image_t *out = &f->call->out;
  const float *residual = f->call->residual;
  const size_t at = f->at + (size_t)i * out->row;
  for (int j = 0; j < outputs && (size_t)j < f->columns; j++) {
    const size_t k = at + (size_t)j * out->pixel;
    if (f->channels >= V_LANES)
      v_store(out->data + k, finished(f, y[j], residual ? v_load(residual + k) : v_set1(0.0f)));
    else
      v_store_n(out->data + k, finished(f, y[j], residual ? v_load_n(residual + k, f->channels) : v_set1(0.0f)), f->channels);
  }
}

V_FN void synthesise_tile(int outputs, const finish_t *f, const float *products, size_t point_step) {
  const int n = outputs + 2;
  vf half[LARGEST][LARGEST];
#pragma GCC unroll 6
  for (int j = 0; j < n; j++) {
    vf m[LARGEST], y[LARGEST];
#pragma GCC unroll 6
    for (int i = 0; i < n; i++) m[i] = v_load(products + (size_t)(i * n + j) * point_step);
    backward(outputs, m, y);
#pragma GCC unroll 6
    for (int i = 0; i < outputs; i++) half[i][j] = y[i];
  }
#pragma GCC unroll 6
  for (int i = 0; i < outputs; i++) {
    vf y[LARGEST];
    if ((size_t)i >= f->rows) break;
    backward(outputs, half[i], y);
    store_row(outputs, f, i, y);
  }
}

V_FN vf bias_of(const ob_winograd_part_t *part, size_t first) {
  const size_t filters = part->plan->shape.filters;
  if (!part->call->bias || first >= filters) return v_set1(0.0f);
  return filters - first >= V_LANES ? v_load(part->call->bias + first) : v_load_n(part->call->bias + first, filters - first);
}

V_FN void synthesise(int outputs, const ob_winograd_part_t *part, size_t panel) {
  const ob_winograd_t *plan = part->plan;
  const ob_winograd_shape_t *s = &plan->shape;
  const ob_winograd_image_t *out = &part->call->out;
  const size_t point_step = plan->product_step;
  multiply(part, panel);
  for (size_t v = 0; v < 2; v++) {
    const size_t first = panel * PANEL + v * V_LANES;
    if (first >= s->filters) return;
    finish_t f = {.call = part->call, .bias = bias_of(part, first), .low = v_set1(part->call->low), .high = v_set1(part->call->high)};
    place_t place = place_of(plan, part->first);
    for (size_t t = 0; t < part->count; t++, next_place(plan, &place)) {
      const size_t y = place.row * (size_t)outputs, x = place.column * (size_t)outputs;
      f.channels = out->channels - first;
      f.rows = s->out_height - y;
      f.columns = s->out_width - x;
      f.at = place.image * out->batch + first / V_LANES * out->block + y * out->row + x * out->pixel;
      synthesise_tile(outputs, &f, part->products + t * PANEL + v * V_LANES, point_step);
    }
  }
}

/* ---------------------------------------------------------------- the table */

static void analyse_any(const ob_winograd_part_t *part, size_t block) {
  if (part->plan->outputs == 2)
    analyse(2, part, block);
  else
    analyse(4, part, block);
}

static void synthesise_any(const ob_winograd_part_t *part, size_t panel) {
  if (part->plan->outputs == 2)
    synthesise(2, part, panel);
  else
    synthesise(4, part, panel);
}

const ob_winograd_isa_t TABLE = {V_LANES, GROUP, PANEL, analyse_any, synthesise_any};
