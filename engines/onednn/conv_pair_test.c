/* A 1x1 convolution and the depthwise one behind it: right as one primitive and as two, and one where oneDNN has it. */
#include "onednn/testing/agree.h"

typedef struct conv {
  int x;
  const int64_t *in;
  int64_t channels, kernel, stride, group;
  bool bias, output;
} conv_t;

static int conv(ob_rig_t *rig, ob_random_t *random, const conv_t *c, int64_t *out) {
  int64_t pad = c->kernel / 2;
  memcpy(out, (int64_t[]){c->in[0], c->channels, (c->in[2] + 2 * pad - c->kernel) / c->stride + 1, (c->in[3] + 2 * pad - c->kernel) / c->stride + 1},
         4 * sizeof *out);
  int w = dn_constant(rig, random, OB_DIMS(c->channels, c->in[1] / c->group, c->kernel, c->kernel));
  int b = c->bias ? dn_constant(rig, random, 1, &c->channels) : -1;
  int y = c->output ? dn_output(rig, 4, out) : dn_between(rig, 4, out);
  if (c->bias)
    ob_rig_node(rig, "Conv", OB_LIST(c->x, w, b), OB_LIST(y));
  else
    ob_rig_node(rig, "Conv", OB_LIST(c->x, w), OB_LIST(y));
  ob_rig_ints(rig, "strides", OB_INTS(c->stride, c->stride));
  ob_rig_ints(rig, "pads", OB_INTS(pad, pad, pad, pad));
  ob_rig_int(rig, "group", c->group);
  return y;
}

static int relu(ob_rig_t *rig, int x, const int64_t *dims) {
  int y = dn_between(rig, 4, dims);
  ob_rig_node(rig, "Relu", OB_LIST(x), OB_LIST(y));
  return y;
}

typedef struct block {
  int64_t batch, narrow, wide, size, stride;
  bool bias, functions;
} block_t;

/* MobileNetV2's inverted residual. */
static void build(ob_rig_t *rig, ob_random_t *random, const block_t *b) {
  int64_t in[4] = {b->batch, b->narrow, b->size, b->size}, wide[4], deep[4], out[4];
  int x = dn_input(rig, random, 4, in);
  x = conv(rig, random, &(conv_t){.x = x, .in = in, .channels = b->wide, .kernel = 1, .stride = 1, .group = 1, .bias = b->bias}, wide);
  if (b->functions) x = relu(rig, x, wide);
  x = conv(rig, random,
           &(conv_t){.x = x, .in = wide, .channels = b->wide, .kernel = 3, .stride = b->stride, .group = b->wide, .bias = b->bias}, deep);
  if (b->functions) x = relu(rig, x, deep);
  conv(rig, random, &(conv_t){.x = x, .in = deep, .channels = b->narrow, .kernel = 1, .stride = 1, .group = 1, .bias = true, .output = true}, out);
}

static void inverted_residual(ob_rig_t *rig, ob_random_t *random) {
  build(rig, random,
        &(block_t){.batch = dn_pick(random, 1, 2),
                   .narrow = dn_pick(random, 3, 24),
                   .wide = 16 * dn_pick(random, 1, 6) + dn_pick(random, 0, 1) * dn_pick(random, 0, 15),
                   .size = dn_pick(random, 1, 60),
                   .stride = dn_pick(random, 1, 2),
                   .bias = dn_pick(random, 0, 1),
                   .functions = dn_pick(random, 0, 1)});
}
DN_AGREES(inverted_residual, 16, 1e-5)

/* MobileNetV2's widest images: where oneDNN has the pair as a kernel of its own. */
static void wide_images(ob_rig_t *rig, ob_random_t *random) {
  build(rig, random, &(block_t){.batch = 1, .narrow = 16, .wide = 96, .size = 112, .stride = dn_pick(random, 1, 2), .bias = true, .functions = true});
}
DN_AGREES(wide_images, 2, 1e-5)

static const block_t pair = {.batch = 1, .narrow = 16, .wide = 96, .size = 112, .stride = 2, .bias = true, .functions = true};

static void is_one_primitive(void **state) {
  (void)state;
  ob_random_t random = {3};
  ob_rig_t *rig = dn_rig();
  build(rig, &random, &pair);
  assert_int_equal(ob_rig_run(rig), OB_OK);
  assert_int_equal(dn_steps_with(rig, "Conv+Relu+Conv+Relu "), 1);
  assert_int_equal(dn_steps_with(rig, "ref"), 0);
  ob_rig_close(rig);
}

static void survives_failing_allocations(void **state) {
  (void)state;
  ob_status_t status = OB_OUT_OF_MEMORY;
  for (size_t n = 1; status != OB_OK; n++) {
    ob_random_t random = {3};
    ob_rig_t *rig = dn_rig();
    build(rig, &random, &pair);
    ob_rig_fail_allocation(rig, n);
    status = ob_rig_run(rig);
    ob_rig_close(rig);
    assert_true(status == OB_OK || status == OB_OUT_OF_MEMORY);
    assert_true(n < 5000);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(inverted_residual_agrees),
      cmocka_unit_test(wide_images_agrees),
      cmocka_unit_test(is_one_primitive),
      cmocka_unit_test(survives_failing_allocations),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
