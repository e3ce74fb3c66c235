/* Winograd's convolutions against the plain sum, over sizes, paddings, layouts, threads and instruction sets. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/thread.h"
#include "testing/test.h"
#include "testing/testing.h"
#include "winograd/winograd.h"

static const ob_host_t host = {.struct_size = sizeof host, .parallel_for = ob_parallel_for};

typedef struct example {
  ob_winograd_shape_t shape;
  bool last, bias, residual, limits;
  uint32_t threads;
  size_t outputs;
} example_t;

static size_t pick(ob_random_t *random, int64_t low, int64_t high) { return (size_t)ob_random_int(random, low, high); }
static size_t up(size_t n, size_t step) { return (n + step - 1) / step * step; }

static example_t draw(ob_random_t *random, size_t lanes) {
  const size_t pad = pick(random, 0, 2), height = pick(random, 3, 20), width = pick(random, 3, 33);
  example_t e = {.shape = {.batch = pick(random, 1, 2),
                           .channels = pick(random, 1, 40),
                           .filters = pick(random, 1, 70),
                           .in_height = height,
                           .in_width = width,
                           .pad_top = pad,
                           .pad_left = pick(random, 0, 2),
                           .lanes = lanes},
                 .last = pick(random, 0, 1),
                 .bias = pick(random, 0, 1),
                 .residual = pick(random, 0, 1),
                 .limits = pick(random, 0, 1),
                 .threads = (uint32_t)pick(random, 1, 3),
                 .outputs = pick(random, 0, 1) ? 4 : 2};
  e.shape.out_height = height + pad + pick(random, 0, 2) - 2;
  e.shape.out_width = width + e.shape.pad_left + pick(random, 0, 2) - 2;
  return e;
}

/* Aligned room between walls of a number that nobody computes; `count` floats. */
enum { WALL = 64 };
static const float BRICK = 1234.5f;
static float *room(size_t count) {
  float *all = test_malloc((count + 2 * WALL) * sizeof(float));
  for (size_t i = 0; i < count + 2 * WALL; i++) all[i] = BRICK;
  return all + WALL;
}
static void close_room(float *data, size_t count) {
  for (size_t i = 0; i < WALL; i++) {
    assert_true(data[-1 - (ptrdiff_t)i] == BRICK);
    assert_true(data[count + i] == BRICK);
  }
  test_free(data - WALL);
}

static size_t index_of(const ob_winograd_image_t *image, size_t lanes, size_t n, size_t c, size_t y, size_t x) {
  return n * image->batch + c / lanes * image->block + y * image->row + x * image->pixel + c % lanes;
}

typedef struct data {
  float *in, *out, *residual, *weights, *bias;
  size_t in_count, out_count;
  ob_winograd_image_t in_image, out_image;
} data_t;

static void fill(ob_random_t *random, float *to, size_t count) { ob_random_fill(random, OB_FLOAT32, to, count, -1, 1, 0); }

static size_t places(const example_t *e, size_t channels) { return e->last ? channels : up(channels, e->shape.lanes); }

static data_t make_data(const example_t *e, ob_random_t *random) {
  const ob_winograd_shape_t *s = &e->shape;
  data_t d = {.in_count = s->batch * places(e, s->channels) * s->in_height * s->in_width,
              .out_count = s->batch * places(e, s->filters) * s->out_height * s->out_width};
  d.in = room(d.in_count), d.out = room(d.out_count), d.residual = room(d.out_count);
  d.weights = room(s->filters * s->channels * 9), d.bias = room(s->filters);
  d.in_image = ob_winograd_image(d.in, &(ob_winograd_layout_t){s->channels, s->in_height, s->in_width, s->lanes, e->last});
  d.out_image = ob_winograd_image(d.out, &(ob_winograd_layout_t){s->filters, s->out_height, s->out_width, s->lanes, e->last});
  fill(random, d.in, d.in_count);
  fill(random, d.residual, d.out_count);
  fill(random, d.weights, s->filters * s->channels * 9);
  fill(random, d.bias, s->filters);
  for (size_t i = 0; i < d.out_count; i++) d.out[i] = NAN;
  for (size_t n = 0; n < s->batch; n++) /* channels that fill up the last block are zero */
    for (size_t c = s->channels; c < places(e, s->channels); c++)
      for (size_t y = 0; y < s->in_height; y++)
        for (size_t x = 0; x < s->in_width; x++) d.in[index_of(&d.in_image, s->lanes, n, c, y, x)] = 0;
  return d;
}

static void free_data(const example_t *e, data_t *d) {
  close_room(d->in, d->in_count);
  close_room(d->out, d->out_count);
  close_room(d->residual, d->out_count);
  close_room(d->weights, e->shape.filters * e->shape.channels * 9);
  close_room(d->bias, e->shape.filters);
}

static double plain(const example_t *e, const data_t *d, size_t n, size_t f, size_t y, size_t x) {
  const ob_winograd_shape_t *s = &e->shape;
  double sum = e->bias ? (double)d->bias[f] : 0;
  for (size_t c = 0; c < s->channels; c++)
    for (size_t i = 0; i < 3; i++)
      for (size_t j = 0; j < 3; j++) {
        const size_t row = y + i - s->pad_top, column = x + j - s->pad_left; /* wraps around above and to the left */
        if (row >= s->in_height || column >= s->in_width) continue;
        sum += (double)d->in[index_of(&d->in_image, s->lanes, n, c, row, column)] * (double)d->weights[(f * s->channels + c) * 9 + i * 3 + j];
      }
  if (e->residual) sum += (double)d->residual[index_of(&d->out_image, s->lanes, n, f, y, x)];
  return e->limits ? sum < 0 ? 0 : sum > 1.5 ? 1.5 : sum : sum;
}

static void compare(const example_t *e, const data_t *d) {
  const ob_winograd_shape_t *s = &e->shape;
  const double tolerance = 2e-6 * sqrt((double)s->channels) * (e->outputs == 4 ? 5 : 2);
  for (size_t n = 0; n < s->batch; n++)
    for (size_t f = 0; f < places(e, s->filters); f++)
      for (size_t y = 0; y < s->out_height; y++)
        for (size_t x = 0; x < s->out_width; x++) {
          const double got = (double)d->out[index_of(&d->out_image, s->lanes, n, f, y, x)];
          const double want = f < s->filters ? plain(e, d, n, f, y, x) : 0;
          if (fabs(got - want) <= tolerance) continue;
          print_error("F(%zu,3) %zu -> %zu channels, %zux%zu, pads %zu %zu, at %zu %zu %zu %zu: %.9g, not %.9g\n", e->outputs, s->channels, s->filters,
                      s->in_height, s->in_width, s->pad_top, s->pad_left, n, f, y, x, got, want);
          fail();
        }
}

static void run_one(const example_t *e, ob_random_t *random) {
  ob_winograd_t plan;
  assert_true(ob_winograd_plan(&e->shape, e->outputs, e->threads, &plan));
  data_t d = make_data(e, random);
  /* channels that fill up an output get no residual */
  for (size_t f = e->shape.filters; f < places(e, e->shape.filters); f++)
    for (size_t n = 0; n < e->shape.batch; n++)
      for (size_t y = 0; y < e->shape.out_height; y++)
        for (size_t x = 0; x < e->shape.out_width; x++) d.residual[index_of(&d.out_image, e->shape.lanes, n, f, y, x)] = 0;
  float *packed = room(plan.packed_bytes / sizeof(float)), *scratch = room(plan.scratch_bytes / sizeof(float));
  for (size_t i = 0; i < plan.scratch_bytes / sizeof(float); i++) scratch[i] = NAN;
  ob_winograd_pack(&plan, d.weights, packed);
  ob_winograd_run(&host, &plan,
                  &(ob_winograd_call_t){.in = d.in_image,
                                        .out = d.out_image,
                                        .packed = packed,
                                        .bias = e->bias ? d.bias : NULL,
                                        .residual = e->residual ? d.residual : NULL,
                                        .low = e->limits ? 0 : -INFINITY,
                                        .high = e->limits ? 1.5f : INFINITY,
                                        .scratch = scratch});
  compare(e, &d);
  close_room(packed, plan.packed_bytes / sizeof(float));
  close_room(scratch, plan.scratch_bytes / sizeof(float));
  free_data(e, &d);
}

static bool has_lanes(size_t lanes) {
  const ob_winograd_shape_t shape = {1, 16, 16, 8, 8, 8, 8, 1, 1, lanes};
  ob_winograd_t plan;
  return ob_winograd_plan(&shape, 2, 1, &plan);
}

static void agrees(size_t lanes) {
  if (!has_lanes(lanes)) skip();
  ob_random_t random = {lanes};
  for (int i = 0; i < 30; i++) {
    const example_t e = draw(&random, lanes);
    if (e.shape.out_height > 0 && e.shape.out_width > 0) run_one(&e, &random);
  }
}
static void agrees_with_avx2(void **state) { (void)state, agrees(8); }
static void agrees_with_avx512(void **state) { (void)state, agrees(16); }

/* Many blocks of tiles over threads, and few with the filters over threads. */
static void cuts_work_both_ways(void **state) {
  (void)state;
  const size_t lanes = has_lanes(16) ? 16 : 8;
  if (!has_lanes(lanes)) skip();
  ob_random_t random = {5};
  ob_winograd_t plan;
  example_t e = {.shape = {1, 32, 64, 80, 60, 80, 60, 1, 1, lanes}, .bias = true, .threads = 3, .outputs = 4};
  assert_true(ob_winograd_plan(&e.shape, 4, 3, &plan));
  assert_false(plan.by_filter);
  assert_true(plan.blocks > 1 && plan.blocks % 3 == 0); /* equal shares */
  run_one(&e, &random);
  e.shape = (ob_winograd_shape_t){1, 128, 128, 8, 8, 8, 8, 1, 1, lanes};
  assert_true(ob_winograd_plan(&e.shape, 4, 3, &plan));
  assert_true(plan.by_filter);
  run_one(&e, &random);
}

static void refuses_what_it_has_no_kernels_for(void **state) {
  (void)state;
  ob_winograd_shape_t shape = {1, 16, 16, 8, 8, 8, 8, 1, 1, 4};
  ob_winograd_t plan;
  assert_false(ob_winograd_plan(&shape, 2, 1, &plan));
  shape.lanes = 8;
  shape.channels = (size_t)1 << 62;
  assert_false(ob_winograd_plan(&shape, 2, 1, &plan));
  shape.channels = 16;
  shape.batch = 0;
  assert_false(ob_winograd_plan(&shape, 2, 1, &plan));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(agrees_with_avx2),
      cmocka_unit_test(agrees_with_avx512),
      cmocka_unit_test(cuts_work_both_ways),
      cmocka_unit_test(refuses_what_it_has_no_kernels_for),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
