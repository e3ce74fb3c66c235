/* The loop of the property tests. */
#include "cpu/agree/agree.h"

#include <stdlib.h>

static const ob_engine_api_t *entry(uint32_t abi) { return ob_kit_entry(&ob_cpu_engine, abi); }

enum { OUTPUTS = 8 };
static int outputs[OUTPUTS];
static int output_count;

int ob_agree_data(ob_rig_t *rig, ob_random_t *random, ob_dtype_t dtype, int32_t rank, const int64_t *dims, double low, double high) {
  const bool constant = ob_pick(random, 0, 2) == 0;
  const int value = constant ? ob_rig_constant(rig, dtype, rank, dims, NULL) : ob_rig_input(rig, dtype, rank, dims, NULL);
  ob_random_fill(random, dtype, ob_rig_data(rig, value), ob_rig_count(rig, value), low, high, 0);
  return value;
}

int ob_agree_output(ob_rig_t *rig, ob_dtype_t dtype, int32_t rank, const int64_t *dims) {
  assert_true(output_count < OUTPUTS);
  return outputs[output_count++] = ob_rig_output(rig, dtype, rank, dims);
}

/* What ref came to. */
static struct {
  void *data;
  size_t count;
} wanted[OUTPUTS];

static void keep(ob_rig_t *rig, int i) {
  const size_t count = ob_rig_count(rig, outputs[i]), bytes = count * 16;
  wanted[i].data = test_calloc(bytes + 1, 1);
  wanted[i].count = count;
  for (size_t e = 0; e < count; e++)
    ob_element_set(ob_rig_dtype(rig, outputs[i]), wanted[i].data, e, ob_element_get(ob_rig_dtype(rig, outputs[i]), ob_rig_data(rig, outputs[i]), e));
}

static void expect_same(const char *name, ob_rig_t *rig, int i, double tolerance, uint64_t seed) {
  const int value = outputs[i];
  const ob_dtype_t dtype = ob_rig_dtype(rig, value);
  double largest = 1;
  for (size_t e = 0; e < wanted[i].count; e++) {
    const double x = fabs(ob_element_get(dtype, wanted[i].data, e));
    if (isfinite(x) && x > largest) largest = x;
  }
  assert_int_equal(ob_rig_count(rig, value), wanted[i].count);
  const ob_comparison_t c = ob_compare(dtype, ob_rig_data(rig, value), wanted[i].data, wanted[i].count, tolerance * largest, 0);
  if (c.differing > 0) {
    print_error("%s, seed %llu, %s: %zu of %zu differ; [%zu] is %.9g, ref says %.9g\n", name, (unsigned long long)seed,
                ob_cpu_isa()->name, c.differing, wanted[i].count, c.worst, ob_element_get(dtype, ob_rig_data(rig, value), c.worst),
                ob_element_get(dtype, wanted[i].data, c.worst));
    print_error("  shape");
    for (int32_t d = 0; d < ob_rig_rank(rig, value); d++) print_error(" %lld", (long long)ob_rig_dims(rig, value)[d]);
    print_error("\n");
    fail();
  }
  test_free(wanted[i].data);
}

/* Builds the node and runs it; the rig stays open. */
static ob_rig_t *run_on(ob_rig_t *rig, const char *name, ob_case_t build, uint64_t seed) {
  ob_random_t random = {seed};
  output_count = 0;
  build(rig, &random);
  ob_rig_threads(rig, (uint32_t)(seed % 3 + 1));
  const char *refusal = ob_rig_refusal(rig);
  if (refusal || ob_rig_run(rig) != OB_OK) {
    print_error("%s, seed %llu: %s\n", name, (unsigned long long)seed, refusal ? refusal : ob_rig_message(rig));
    fail();
  }
  return rig;
}

static void one(const char *name, ob_case_t build, double tolerance, uint64_t seed) {
  ob_rig_t *rig = ob_rig_open("ref");
  if (!rig) skip();
  run_on(rig, name, build, seed);
  for (int i = 0; i < output_count; i++) keep(rig, i);
  ob_rig_close(rig);
  rig = ob_rig_open_entry(entry);
  ob_rig_packed_only(rig, seed % 5 == 0);
  run_on(rig, name, build, seed);
  for (int i = 0; i < output_count; i++) expect_same(name, rig, i, tolerance, seed);
  ob_rig_close(rig);
}

void ob_agree(const char *name, ob_case_t build, int rounds, double tolerance) {
  static const char *const isas[] = {"portable", "avx2", "avx512"};
  for (size_t i = 0; i < 3; i++) {
    if (!ob_cpu_isa_use(isas[i])) continue;
    for (int round = 0; round < rounds; round++) one(name, build, tolerance, 7919 * (uint64_t)round + 17);
  }
  assert_true(ob_cpu_isa_use(NULL));
}

void ob_agree_window(ob_random_t *random, ob_agree_window_t *w, int64_t max_size) {
  const int64_t square = ob_pick(random, 0, 1) ? ob_pick(random, 2, 5) : 0, step = ob_pick(random, 1, 2); /* the usual windows have loops of their own */
  w->spatial = square ? 2 : (int32_t)ob_pick(random, 1, 3);
  for (int32_t i = 0; i < w->spatial; i++) {
    w->kernel[i] = square ? square : ob_pick(random, 1, 4);
    w->strides[i] = square ? step : ob_pick(random, 1, 3);
    w->dilations[i] = square ? 1 : ob_pick(random, 1, 2);
    w->pads[i] = ob_pick(random, 0, w->kernel[i] - 1);
    w->pads[i + w->spatial] = ob_pick(random, 0, w->kernel[i] - 1);
    const int64_t reach = (w->kernel[i] - 1) * w->dilations[i] + 1;
    int64_t least = reach - w->pads[i] - w->pads[i + w->spatial];
    if (least < 1) least = 1;
    const bool flat = i == w->spatial - 1 && w->kernel[i] == 1 && ob_pick(random, 0, 1) != 0; /* a row of one element */
    w->x[i + 2] = flat ? least : ob_pick(random, least, least + max_size);
    w->y[i + 2] = (w->x[i + 2] + w->pads[i] + w->pads[i + w->spatial] - reach) / w->strides[i] + 1;
  }
}

void ob_agree_state_window(ob_rig_t *rig, const ob_agree_window_t *w) {
  ob_rig_ints(rig, "kernel_shape", w->kernel, (size_t)w->spatial);
  ob_rig_ints(rig, "strides", w->strides, (size_t)w->spatial);
  ob_rig_ints(rig, "dilations", w->dilations, (size_t)w->spatial);
  ob_rig_ints(rig, "pads", w->pads, 2 * (size_t)w->spatial);
  ob_rig_string(rig, "auto_pad", "NOTSET");
}
