/* 3x3 convolutions by Winograd's algorithm inside of regions: right, with residuals, limits and functions behind them, in both layouts. */
#include "onednn/testing/agree.h"

static int conv(ob_rig_t *rig, ob_random_t *random, int x, const int64_t *in, int64_t channels, int64_t kernel) {
  const int64_t out[4] = {in[0], channels, in[2], in[3]}, pad = kernel / 2;
  const int w = dn_constant(rig, random, OB_DIMS(channels, in[1], kernel, kernel)), b = dn_constant(rig, random, 1, &channels);
  const int y = dn_between(rig, 4, out);
  ob_rig_node(rig, "Conv", OB_LIST(x, w, b), OB_LIST(y));
  ob_rig_ints(rig, "strides", OB_INTS(1, 1));
  ob_rig_ints(rig, "pads", OB_INTS(pad, pad, pad, pad));
  ob_rig_int(rig, "group", 1);
  return y;
}

static int unary(ob_rig_t *rig, const char *op, int x, const int64_t *dims) {
  const int y = dn_between(rig, 4, dims);
  ob_rig_node(rig, op, OB_LIST(x), OB_LIST(y));
  return y;
}

/* Two convolutions around a residual, then Relu, HardSwish, a limit or nothing. */
static void build(ob_rig_t *rig, ob_random_t *random, const int64_t dims[4], int64_t function, bool join) {
  int x = dn_input(rig, random, 4, dims);
  x = unary(rig, "Relu", conv(rig, random, x, dims, dims[1], 1), dims);
  int y = unary(rig, "Relu", conv(rig, random, x, dims, dims[1], 3), dims);
  y = conv(rig, random, y, dims, dims[1], 3);
  int sum = dn_between(rig, 4, dims);
  ob_rig_node(rig, "Add", OB_LIST(y, x), OB_LIST(sum));
  if (function == 1) sum = unary(rig, "Relu", sum, dims);
  if (function == 2) sum = unary(rig, "HardSwish", sum, dims);
  if (function == 3) { /* limits of the size of the sums: what is compared stays as large as what was rounded */
    const int low = ob_rig_constant(rig, OB_FLOAT32, OB_SCALAR, OB_VALUES(0)), high = ob_rig_constant(rig, OB_FLOAT32, OB_SCALAR, OB_VALUES(300));
    const int clipped = dn_between(rig, 4, dims);
    ob_rig_node(rig, "Clip", OB_LIST(sum, low, high), OB_LIST(clipped));
    sum = clipped;
  }
  int64_t wide[4] = {dims[0], dims[1], dims[2], dims[3]};
  if (join) {
    wide[1] *= 2;
    const int joined = dn_between(rig, 4, wide);
    ob_rig_node(rig, "Concat", OB_LIST(sum, conv(rig, random, x, dims, dims[1], 3)), OB_LIST(joined));
    ob_rig_int(rig, "axis", 1);
    sum = joined;
  }
  const int64_t channels = 24;
  const int w = dn_constant(rig, random, OB_DIMS(channels, wide[1], 1, 1));
  ob_rig_node(rig, "Conv", OB_LIST(sum, w), OB_LIST(dn_output(rig, OB_DIMS(dims[0], channels, dims[2], dims[3]))));
  ob_rig_int(rig, "group", 1);
}

static void residual(ob_rig_t *rig, ob_random_t *random) {
  const int64_t batch = dn_pick(random, 1, 2), channels = 16 * dn_pick(random, 2, 5) - (dn_pick(random, 0, 2) == 0 ? dn_pick(random, 0, 6) : 0);
  const int64_t height = dn_pick(random, 9, 34), width = dn_pick(random, 9, 34), function = dn_pick(random, 0, 3);
  build(rig, random, (int64_t[]){batch, channels, height, width}, function, dn_pick(random, 0, 1));
}
DN_AGREES(residual, 8, 2e-5)

/* 79 channels do not fill their blocks, and where sizes are symbolic the Add stays a step of its own, with the Relu behind it. */
static void sum_in_padded_blocks(ob_rig_t *rig, ob_random_t *random) { build(rig, random, (int64_t[]){1, 79, 26, 29}, 1, true); }
DN_AGREES(sum_in_padded_blocks, 6, 2e-5)

static void expect(int64_t function, const char *text) {
  ob_random_t random = {3};
  ob_rig_t *rig = dn_rig();
  build(rig, &random, (int64_t[]){1, 64, 56, 56}, function, false);
  assert_int_equal(ob_rig_run(rig), OB_OK);
  if (dn_steps_with(rig, "winograd") == 0 && dn_steps_with(rig, "avx512") == 0 && dn_steps_with(rig, "avx2") == 0) {
    ob_rig_close(rig); /* no kernels for this CPU */
    skip();
  }
  if (dn_steps_with(rig, text) != 1 || dn_steps_with(rig, "winograd") != 2) {
    print_error("%s\n", dn_steps(rig));
    fail();
  }
  ob_rig_close(rig);
}

static void fuses_what_follows(void **state) {
  (void)state;
  expect(0, "Conv+Add winograd");
  expect(1, "Conv+Add+Relu winograd");
  expect(2, "Conv+Add winograd"); /* HardSwish is a step of its own */
  expect(3, "Conv+Add+Clip winograd");
}

static void survives_failing_allocations(void **state) {
  (void)state;
  ob_status_t status = OB_OUT_OF_MEMORY;
  for (size_t n = 1; status != OB_OK; n++) {
    ob_random_t random = {3};
    ob_rig_t *rig = dn_rig();
    build(rig, &random, (int64_t[]){1, 32, 20, 20}, 2, true);
    ob_rig_fail_allocation(rig, n);
    status = ob_rig_run(rig);
    ob_rig_close(rig);
    assert_true(status == OB_OK || status == OB_OUT_OF_MEMORY);
    assert_true(n < 5000);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(residual_agrees),
      cmocka_unit_test(sum_in_padded_blocks_agrees),
      cmocka_unit_test(fuses_what_follows),
      cmocka_unit_test(survives_failing_allocations),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
