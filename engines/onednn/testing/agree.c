/* The loop of the property tests. */
#include "onednn/testing/agree.h"

#include <stdio.h>
#include <stdlib.h>

enum { OUTPUTS = 8 };
static int outputs[OUTPUTS];
static int output_count;

int64_t dn_pick(ob_random_t *random, int64_t low, int64_t high) { return ob_random_int(random, low, high); }

static int filled(ob_rig_t *rig, ob_random_t *random, int value, double low, double high) {
  ob_random_fill(random, OB_FLOAT32, ob_rig_data(rig, value), ob_rig_count(rig, value), low, high, 0);
  return value;
}

int dn_input(ob_rig_t *rig, ob_random_t *random, int32_t rank, const int64_t *dims) {
  return filled(rig, random, ob_rig_input(rig, OB_FLOAT32, rank, dims, NULL), -1, 1);
}

int dn_constant_in(ob_rig_t *rig, ob_random_t *random, int32_t rank, const int64_t *dims, double low, double high) {
  return filled(rig, random, ob_rig_constant(rig, OB_FLOAT32, rank, dims, NULL), low, high);
}

int dn_constant(ob_rig_t *rig, ob_random_t *random, int32_t rank, const int64_t *dims) {
  return dn_constant_in(rig, random, rank, dims, -1, 1);
}

int dn_output(ob_rig_t *rig, int32_t rank, const int64_t *dims) {
  assert_true(output_count < OUTPUTS);
  return outputs[output_count++] = ob_rig_output(rig, OB_FLOAT32, rank, dims);
}

int dn_between(ob_rig_t *rig, int32_t rank, const int64_t *dims) { return ob_rig_value(rig, OB_FLOAT32, rank, dims); }

/* What ref came to. */
static struct {
  float *data;
  size_t count;
} wanted[OUTPUTS];

static void keep(ob_rig_t *rig, int i) {
  size_t count = ob_rig_count(rig, outputs[i]);
  wanted[i].data = test_calloc(count + 1, sizeof(float));
  wanted[i].count = count;
  memcpy(wanted[i].data, ob_rig_data(rig, outputs[i]), count * sizeof(float));
}

static void expect_same(const char *name, ob_rig_t *rig, int i, double tolerance, uint64_t seed) {
  int value = outputs[i];
  double largest = 1;
  for (size_t e = 0; e < wanted[i].count; e++)
    if (isfinite(wanted[i].data[e]) && fabs((double)wanted[i].data[e]) > largest) largest = fabs((double)wanted[i].data[e]);
  assert_int_equal(ob_rig_count(rig, value), wanted[i].count);
  ob_comparison_t c = ob_compare(OB_FLOAT32, ob_rig_data(rig, value), wanted[i].data, wanted[i].count, tolerance * largest, 0);
  if (c.differing > 0) {
    const float *got = ob_rig_data(rig, value);
    print_error("%s, seed %llu: %zu of %zu differ; [%zu] is %.9g, ref says %.9g\n", name, (unsigned long long)seed, c.differing,
                wanted[i].count, c.worst, (double)got[c.worst], (double)wanted[i].data[c.worst]);
    print_error("%s", dn_steps(rig));
    fail();
  }
}

static void run(ob_rig_t *rig, const char *name, uint64_t seed) {
  if (ob_rig_run(rig) == OB_OK) return;
  print_error("%s, seed %llu: %s\n", name, (unsigned long long)seed, ob_rig_message(rig));
  fail();
}

static ob_rig_t *build_on(ob_rig_t *rig, dn_case_t build, uint64_t seed) {
  ob_random_t random = {seed};
  output_count = 0;
  build(rig, &random);
  return rig;
}

/* False when the engine leaves the case to others, since oneDNN is slow at it. */
static bool one(const char *name, dn_case_t build, double tolerance, uint64_t seed) {
  ob_rig_t *rig = ob_rig_open("ref");
  if (!rig) skip();
  run(build_on(rig, build, seed), name, seed);
  int count = output_count;
  for (int i = 0; i < count; i++) keep(rig, i);
  ob_rig_close(rig);
  rig = build_on(dn_rig(), build, seed);
  ob_rig_symbolic(rig, seed % 3 == 0);
  ob_rig_packed_only(rig, seed % 5 == 0);
  if (ob_rig_refusal(rig)) { /* broadcasting that only the numbers tell; bounds of a Clip that are not shown */
    ob_rig_close(rig);
    rig = build_on(dn_rig(), build, seed);
  }
  const char *refusal = ob_rig_refusal(rig);
  if (refusal && strstr(refusal, "oneDNN is slow")) {
    ob_rig_close(rig);
    for (int i = 0; i < count; i++) test_free(wanted[i].data);
    return false;
  }
  ob_rig_threads(rig, (uint32_t)(seed % 2 + 1));
  run(rig, name, seed);
  for (int i = 0; i < count; i++) expect_same(name, rig, i, tolerance, seed);
  size_t before = ob_rig_allocations(rig);
  run(rig, name, seed);
  assert_int_equal(ob_rig_allocations(rig), before); /* nothing in the steady state */
  for (int i = 0; i < count; i++) expect_same(name, rig, i, tolerance, seed);
  ob_rig_close(rig);
  for (int i = 0; i < count; i++) test_free(wanted[i].data);
  return true;
}

void dn_agree(const char *name, dn_case_t build, int rounds, double tolerance) {
  int taken = 0;
  for (int round = 0; round < rounds; round++) taken += one(name, build, tolerance, 7919 * (uint64_t)round + 17);
  assert_true(taken > rounds / 2);
}

ob_rig_t *dn_rig(void) {
  output_count = 0;
  return ob_rig_open_entry(dn_entry);
}

const char *dn_steps(ob_rig_t *rig) {
  static char text[8192];
  size_t used = 0;
  text[0] = '\0';
  for (size_t s = 0; rig->instance && dn_instance_step(rig->instance, s) && used < sizeof text; s++)
    used += (size_t)snprintf(text + used, sizeof text - used, "%s\n", dn_instance_step(rig->instance, s));
  return text;
}

size_t dn_steps_with(ob_rig_t *rig, const char *text) {
  size_t count = 0;
  for (size_t s = 0; dn_instance_step(rig->instance, s); s++) count += strstr(dn_instance_step(rig->instance, s), text) != NULL;
  return count;
}

void dn_case_window(ob_random_t *random, dn_case_window_t *w, int64_t max_size, bool dilated) {
  w->spatial = (int32_t)dn_pick(random, 1, 3);
  for (int32_t i = 0; i < w->spatial; i++) {
    w->kernel[i] = dn_pick(random, 1, 4);
    w->strides[i] = dn_pick(random, 1, 3);
    w->dilations[i] = dilated ? dn_pick(random, 1, 2) : 1;
    w->pads[i] = dn_pick(random, 0, w->kernel[i] - 1);
    w->pads[i + w->spatial] = dn_pick(random, 0, w->kernel[i] - 1);
    int64_t reach = (w->kernel[i] - 1) * w->dilations[i] + 1;
    int64_t least = reach - w->pads[i] - w->pads[i + w->spatial];
    if (least < 1) least = 1;
    w->x[i + 2] = dn_pick(random, least, least + max_size);
    w->y[i + 2] = (w->x[i + 2] + w->pads[i] + w->pads[i + w->spatial] - reach) / w->strides[i] + 1;
  }
}

void dn_state_window(ob_rig_t *rig, const dn_case_window_t *w) {
  ob_rig_ints(rig, "kernel_shape", w->kernel, (size_t)w->spatial);
  ob_rig_ints(rig, "strides", w->strides, (size_t)w->spatial);
  ob_rig_ints(rig, "dilations", w->dilations, (size_t)w->spatial);
  ob_rig_ints(rig, "pads", w->pads, 2 * (size_t)w->spatial);
  ob_rig_string(rig, "auto_pad", "NOTSET");
}
