/* Quantised stretches against `ref`, which takes them literally. Scales are powers of two, so that floats hold every sum exactly and
 * nothing but the same bytes will do. */
#include "base/status.h"
#include "cpu/agree/agree.h"
#include "cpu/quant/quant.h"

static int number(ob_rig_t *rig, ob_dtype_t dtype, double value) { return ob_rig_constant(rig, dtype, 0, NULL, &value); }

typedef struct net {
  ob_rig_t *rig;
  ob_random_t *random;
  ob_dtype_t dtype;
  int scale, zero; /* of the bytes made last */
} net_t;

static void new_scale(net_t *net, int64_t low, int64_t high) {
  net->dtype = ob_pick(net->random, 0, 1) ? OB_UINT8 : OB_INT8;
  net->scale = number(net->rig, OB_FLOAT32, ldexp(1, (int)ob_pick(net->random, low, high)));
  net->zero = number(net->rig, net->dtype, (double)ob_pick(net->random, net->dtype == OB_UINT8 ? 0 : -128, net->dtype == OB_UINT8 ? 255 : 127));
}

static int quantize(net_t *net, int x, bool output) {
  const int32_t rank = ob_rig_rank(net->rig, x);
  const int64_t *dims = ob_rig_dims(net->rig, x);
  new_scale(net, -4, 1);
  const int y = output ? ob_agree_output(net->rig, net->dtype, rank, dims) : ob_rig_value(net->rig, net->dtype, rank, dims);
  ob_rig_node(net->rig, "QuantizeLinear", OB_LIST(x, net->scale, net->zero), OB_LIST(y));
  return y;
}

static int dequantize(net_t *net, int x) {
  const int y = ob_rig_value(net->rig, OB_FLOAT32, ob_rig_rank(net->rig, x), ob_rig_dims(net->rig, x));
  ob_rig_node(net->rig, "DequantizeLinear", OB_LIST(x, net->scale, net->zero), OB_LIST(y));
  return y;
}

/* Weights with a scale for each filter, or one for all. */
static int weights(net_t *net, int32_t rank, const int64_t *dims, int64_t axis) {
  double scales[80];
  const bool many = ob_pick(net->random, 0, 1) != 0;
  for (int64_t i = 0; i < dims[axis]; i++) scales[i] = ldexp(1, (int)ob_pick(net->random, -7, -4));
  const int w = ob_rig_constant(net->rig, OB_INT8, rank, dims, NULL);
  ob_random_fill(net->random, OB_INT8, ob_rig_data(net->rig, w), ob_rig_count(net->rig, w), -128, 127, 0);
  const int s = ob_rig_constant(net->rig, OB_FLOAT32, many ? 1 : 0, &dims[axis], scales);
  const int y = ob_rig_value(net->rig, OB_FLOAT32, rank, dims);
  ob_rig_node(net->rig, "DequantizeLinear", OB_LIST(w, s), OB_LIST(y));
  ob_rig_int(net->rig, "axis", axis);
  return y;
}

static int bias(net_t *net, int64_t count) {
  double values[80];
  if (ob_pick(net->random, 0, 2) == 0) return OB_LEFT_OUT;
  for (int64_t i = 0; i < count; i++) values[i] = (double)ob_pick(net->random, -64, 64) / 16;
  return ob_rig_constant(net->rig, OB_FLOAT32, 1, &count, values);
}

static int bounded(net_t *net, int x) {
  const int kind = (int)ob_pick(net->random, 0, 2);
  if (kind == 0) return x;
  const int y = ob_rig_value(net->rig, OB_FLOAT32, ob_rig_rank(net->rig, x), ob_rig_dims(net->rig, x));
  if (kind == 1)
    ob_rig_node(net->rig, "Relu", OB_LIST(x), OB_LIST(y));
  else
    ob_rig_node(net->rig, "Clip", OB_LIST(x, number(net->rig, OB_FLOAT32, -0.5), number(net->rig, OB_FLOAT32, 6)), OB_LIST(y));
  return y;
}

/* Bytes: what a QuantizeLinear makes of floats, or an input. */
static int bytes(net_t *net, int32_t rank, const int64_t *dims) {
  if (ob_pick(net->random, 0, 1)) {
    const int x = ob_rig_input(net->rig, OB_FLOAT32, rank, dims, NULL);
    ob_random_fill(net->random, OB_FLOAT32, ob_rig_data(net->rig, x), ob_rig_count(net->rig, x), -9, 9, 0);
    return quantize(net, x, false);
  }
  new_scale(net, -5, -3);
  const int x = ob_rig_input(net->rig, net->dtype, rank, dims, NULL);
  ob_random_fill(net->random, net->dtype, ob_rig_data(net->rig, x), ob_rig_count(net->rig, x), net->dtype == OB_UINT8 ? 0 : -128,
                 net->dtype == OB_UINT8 ? 255 : 127, 0);
  return x;
}

static int pointwise(net_t *net, int x, int64_t filters) {
  const int64_t *in = ob_rig_dims(net->rig, x), dims[4] = {filters, in[1], 1, 1}, out[4] = {in[0], filters, in[2], in[3]};
  const int y = ob_rig_value(net->rig, OB_FLOAT32, 4, out);
  ob_rig_node(net->rig, "Conv", OB_LIST(x, weights(net, 4, dims, 0), bias(net, filters)), OB_LIST(y));
  return y;
}

/* A convolution with any window; its result and that of a 1x1 convolution behind it are added. */
static void window(ob_rig_t *rig, ob_random_t *random) {
  net_t net = {rig, random, OB_INT8, 0, 0};
  ob_agree_window_t w;
  do ob_agree_window(random, &w, 20);
  while (w.spatial != 2);
  const bool depthwise = ob_pick(random, 0, 1) != 0;
  const int64_t channels = ob_pick(random, 1, depthwise ? 40 : 9), filters = depthwise ? channels : ob_pick(random, 1, 70);
  const int64_t dims[4] = {filters, depthwise ? 1 : channels, w.kernel[0], w.kernel[1]};
  w.x[0] = w.y[0] = ob_pick(random, 1, 2);
  w.x[1] = channels;
  w.y[1] = filters;
  const int x = dequantize(&net, bytes(&net, 4, w.x)), y = ob_rig_value(rig, OB_FLOAT32, 4, w.y);
  const int k = weights(&net, 4, dims, 0), b = bias(&net, filters);
  ob_rig_node(rig, "Conv", OB_LIST(x, k, b), OB_LIST(y));
  ob_agree_state_window(rig, &w);
  ob_rig_int(rig, "group", depthwise ? channels : 1);
  const int first = dequantize(&net, quantize(&net, bounded(&net, y), ob_pick(random, 0, 1)));
  const int second = dequantize(&net, quantize(&net, pointwise(&net, first, filters), false));
  const int sum = ob_rig_value(rig, OB_FLOAT32, 4, w.y);
  ob_rig_node(rig, "Add", OB_LIST(first, second), OB_LIST(sum));
  quantize(&net, bounded(&net, sum), true);
}

/* Means over a power of two of pixels, then a product. */
static void classify(ob_rig_t *rig, ob_random_t *random) {
  net_t net = {rig, random, OB_INT8, 0, 0};
  const int64_t n = ob_pick(random, 1, 3), k = ob_pick(random, 1, 70), m = ob_pick(random, 1, 70);
  const int64_t in[4] = {n, ob_pick(random, 1, 70), 1 << ob_pick(random, 0, 3), 1 << ob_pick(random, 0, 2)};
  const int64_t mean[4] = {n, k, 1, 1}, flat[2] = {n, k}, out[2] = {n, m};
  const int x = dequantize(&net, bytes(&net, 4, in));
  const int y = dequantize(&net, quantize(&net, bounded(&net, pointwise(&net, x, k)), false));
  const int a = ob_rig_value(rig, OB_FLOAT32, 4, mean), f = ob_rig_value(rig, OB_FLOAT32, 2, flat), z = ob_rig_value(rig, OB_FLOAT32, 2, out);
  ob_rig_node(rig, "GlobalAveragePool", OB_LIST(y), OB_LIST(a));
  ob_rig_node(rig, "Flatten", OB_LIST(a), OB_LIST(f));
  ob_rig_int(rig, "axis", 1);
  const int d = dequantize(&net, quantize(&net, f, ob_pick(random, 0, 1)));
  const bool turned = ob_pick(random, 0, 1) != 0;
  const int64_t dims[2] = {turned ? m : k, turned ? k : m};
  const int w = weights(&net, 2, dims, turned ? 0 : 1), b = bias(&net, m);
  if (b == OB_LEFT_OUT && !turned) {
    ob_rig_node(rig, "MatMul", OB_LIST(d, w), OB_LIST(z));
  } else {
    ob_rig_node(rig, "Gemm", OB_LIST(d, w, b), OB_LIST(z));
    ob_rig_int(rig, "transB", turned);
  }
  const int last = dequantize(&net, quantize(&net, bounded(&net, z), false)); /* floats again */
  const int result = ob_agree_output(rig, OB_FLOAT32, 2, out);
  ob_rig_node(rig, "Abs", OB_LIST(last), OB_LIST(result));
}

OB_AGREES(window, 70, 0)
OB_AGREES(classify, 50, 0)

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(window_agrees), cmocka_unit_test(classify_agrees)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
