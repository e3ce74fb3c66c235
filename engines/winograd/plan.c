/* Plans: sizes, blocks, what a run may take; and the transformed weights. */
#include <math.h>

#include "base/checked.h"
#include "winograd/simd.h"

/* Measured on an AVX-512 machine of 2 cores with one thread; what counts is their relation. */
static const double FLOPS = 230e9;     /* of the products */
static const double MOVES = 60e9;      /* bytes a second of the transforms */
static const double WEIGHTS = 38e9;    /* bytes a second of weights that come from memory */

enum { CACHE_LINE = 16 }; /* floats */

static const ob_winograd_isa_t *find_isa(size_t lanes) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (lanes == 16 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl")) return &ob_winograd_avx512;
  if (lanes == 8 && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return &ob_winograd_avx2;
#endif
  (void)lanes;
  return NULL;
}

static size_t up(size_t value, size_t step) { return (value + step - 1) / step * step; }

double ob_winograd_direct_seconds(const ob_winograd_shape_t *s) {
  const double work = 18.0 * (double)s->channels * (double)s->filters * (double)s->out_height * (double)s->out_width * (double)s->batch;
  /* small images do not fill the registers' tiles of a direct convolution */
  const double share = s->out_width <= 7 ? 0.6 : s->out_width <= 14 ? 0.82 : 0.95;
  return work / (262e9 * share) + 36.0 * (double)s->channels * (double)s->filters / WEIGHTS * 0.3;
}

static double run_seconds(const ob_winograd_t *p) {
  const double tiles = (double)up(p->tiles, p->isa->group), points = (double)p->points;
  const double products = 2 * points * tiles * (double)p->channels * (double)p->filters / FLOPS;
  const double image = (double)(p->outputs * p->outputs), floats = sizeof(float);
  const double moved = floats * tiles * ((points * 2 + image) * (double)p->channels + (points * 2 + image) * (double)p->filters);
  return products + moved / MOVES + (double)p->packed_bytes / WEIGHTS * 0.3 + 2e-6;
}

/* Tiles of a block: their spectrum is to stay in the L2 cache beside the weights that stream by. */
static size_t block_size(const ob_winograd_t *p) {
  enum { FEW = 49 };
  const size_t room = (size_t)640 << 10, group = p->isa->group;
  if (p->tiles <= FEW) return up(p->tiles, group);
  size_t groups = room / (p->points * p->channels * sizeof(float) * group);
  if (groups < 2) groups = 2;
  if (groups > 6) groups = 6;
  size_t blocks = (p->tiles + groups * group - 1) / (groups * group);
  if (blocks > 1) blocks = up(blocks, p->threads); /* equal shares */
  return up((p->tiles + blocks - 1) / blocks, group);
}

bool ob_winograd_plan(const ob_winograd_shape_t *shape, size_t outputs, uint32_t threads, ob_winograd_t *plan) {
  *plan = (ob_winograd_t){.shape = *shape, .isa = find_isa(shape->lanes), .outputs = outputs, .threads = threads > 0 ? threads : 1};
  if (!plan->isa || shape->out_height == 0 || shape->out_width == 0 || shape->batch == 0 || shape->channels == 0) return false;
  plan->points = (outputs + 2) * (outputs + 2);
  plan->channels = up(shape->channels, plan->isa->lanes);
  plan->filters = up(shape->filters, plan->isa->panel);
  plan->tile_rows = (shape->out_height + outputs - 1) / outputs;
  plan->tile_columns = (shape->out_width + outputs - 1) / outputs;
  if (!ob_mul_size(plan->tile_rows, plan->tile_columns, &plan->tiles) || !ob_mul_size(plan->tiles, shape->batch, &plan->tiles)) return false;
  if (!ob_mul_size(plan->channels, plan->filters, &plan->packed_bytes) ||
      !ob_mul_size(plan->packed_bytes, plan->points * sizeof(float), &plan->packed_bytes))
    return false;
  plan->block = block_size(plan);
  plan->blocks = (plan->tiles + plan->block - 1) / plan->block;
  plan->by_filter = plan->blocks < plan->threads;
  if (!ob_mul_size(plan->block, plan->channels, &plan->spectrum_step)) return false;
  plan->spectrum_step += CACHE_LINE; /* points that lie a multiple of 4 KB apart would fight for the same lines */
  plan->product_step = plan->block * plan->isa->panel + CACHE_LINE;
  size_t spectrum;
  if (!ob_mul_size(plan->spectrum_step, plan->points * sizeof(float), &spectrum)) return false;
  const size_t products = plan->product_step * plan->points * sizeof(float);
  const size_t each = plan->by_filter ? products : spectrum + products;
  if (!ob_mul_size(each, plan->threads, &plan->scratch_bytes)) return false;
  if (plan->by_filter) plan->scratch_bytes += spectrum;
  plan->seconds = run_seconds(plan);
  return true;
}

ob_winograd_image_t ob_winograd_image(const float *data, const ob_winograd_layout_t *l) {
  const size_t pixel = l->channels_last ? l->channels : l->lanes, channels = l->channels_last ? l->channels : up(l->channels, l->lanes);
  return (ob_winograd_image_t){.data = (float *)(uintptr_t)data,
                               .batch = channels * l->height * l->width,
                               .row = l->width * pixel,
                               .pixel = pixel,
                               .block = l->channels_last ? l->lanes : l->height * l->width * l->lanes,
                               .channels = channels};
}

/* ---------------------------------------------------------------- weights */

/* The transform G of weights, for each point: p^k / N(p), N the product of its distances from the others. */
static void make_g(size_t outputs, double g[6][3]) {
  static const double points2[] = {0, 1, -1}, points4[] = {0, 0.625, -0.625, 1.5, -1.5};
  const double *points = outputs == 2 ? points2 : points4;
  const size_t count = outputs + 1;
  for (size_t i = 0; i < count; i++) {
    double n = 1;
    for (size_t j = 0; j < count; j++)
      if (j != i) n *= points[i] - points[j];
    for (int k = 0; k < 3; k++) g[i][k] = pow(points[i], k) / n;
  }
  g[count][0] = g[count][1] = 0;
  g[count][2] = 1;
}

enum { MAX_PANEL = 32, TAPS = 9 };

/* half = G w, then the products half G' as floats: for one channel and all filters of a panel, which are the innermost index. */
static void transform(size_t n, double g[6][3], double w[TAPS][MAX_PANEL], size_t panel, float *packed, size_t point_step) {
  for (size_t i = 0; i < n; i++) {
    double half[3][MAX_PANEL];
    for (size_t x = 0; x < 3; x++)
      for (size_t f = 0; f < panel; f++) half[x][f] = g[i][0] * w[x][f] + g[i][1] * w[3 + x][f] + g[i][2] * w[6 + x][f];
    for (size_t j = 0; j < n; j++) {
      float *to = packed + (i * n + j) * point_step;
      for (size_t f = 0; f < panel; f++) to[f] = (float)(half[0][f] * g[j][0] + half[1][f] * g[j][1] + half[2][f] * g[j][2]);
    }
  }
}

void ob_winograd_pack(const ob_winograd_t *plan, const float *weights, float *packed) {
  const ob_winograd_shape_t *s = &plan->shape;
  const size_t panel = plan->isa->panel, point_step = plan->channels * panel;
  double g[6][3];
  make_g(plan->outputs, g);
  for (size_t first = 0; first < plan->filters; first += panel, packed += point_step * plan->points)
    for (size_t c = 0; c < plan->channels; c++) {
      double w[TAPS][MAX_PANEL] = {{0}}; /* zero where channels or filters fill up */
      for (size_t f = first; c < s->channels && f < s->filters && f < first + panel; f++)
        for (size_t tap = 0; tap < TAPS; tap++) w[tap][f - first] = (double)weights[(f * s->channels + c) * TAPS + tap];
      transform(plan->outputs + 2, g, w, panel, packed + c * panel, point_step);
    }
}
