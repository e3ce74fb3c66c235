/* Pooling, LRN, Resize, ConvTranspose against `ref`. */
#include "cpu/agree/agree.h"

static void pool(ob_rig_t *rig, ob_random_t *random, const char *op) {
  ob_agree_window_t w;
  ob_agree_window(random, &w, 40);
  w.x[0] = w.y[0] = ob_pick(random, 1, 2);
  w.x[1] = w.y[1] = ob_pick(random, 1, 3);
  for (int32_t i = 0; i < w.spatial; i++) /* a window never lies in the padding alone */
    while (w.pads[i] >= w.kernel[i] || w.pads[i + w.spatial] >= w.kernel[i]) w.pads[i] = w.pads[i + w.spatial] = 0;
  const bool ceil_mode = ob_pick(random, 0, 1) != 0;
  for (int32_t i = 0; i < w.spatial; i++) {
    const int64_t reach = (w.kernel[i] - 1) * w.dilations[i] + 1, padded = w.x[i + 2] + w.pads[i] + w.pads[i + w.spatial];
    int64_t out = (padded - reach + (ceil_mode ? w.strides[i] - 1 : 0)) / w.strides[i] + 1;
    if (ceil_mode && (out - 1) * w.strides[i] >= w.x[i + 2] + w.pads[i]) out--;
    w.y[i + 2] = out;
  }
  const int x = ob_agree_data(rig, random, OB_FLOAT32, w.spatial + 2, w.x, -1, 1);
  const int y = ob_agree_output(rig, OB_FLOAT32, w.spatial + 2, w.y);
  ob_rig_node(rig, op, OB_LIST(x), OB_LIST(y));
  ob_agree_state_window(rig, &w);
  ob_rig_int(rig, "ceil_mode", ceil_mode);
  ob_rig_int(rig, "storage_order", 0);
  if (op[0] == 'L') ob_rig_int(rig, "p", ob_pick(random, 1, 3));
  if (op[0] == 'A') ob_rig_int(rig, "count_include_pad", ob_pick(random, 0, 1));
}

static void max_pool(ob_rig_t *rig, ob_random_t *random) { pool(rig, random, "MaxPool"); }
static void lp_pool(ob_rig_t *rig, ob_random_t *random) { pool(rig, random, "LpPool"); }
static void average_pool(ob_rig_t *rig, ob_random_t *random) { pool(rig, random, "AveragePool"); }

static void global_pool(ob_rig_t *rig, ob_random_t *random) {
  int64_t x[5], y[5];
  const int32_t rank = (int32_t)ob_pick(random, 3, 5);
  for (int i = 0; i < 5; i++) {
    x[i] = ob_pick(random, 1, 9);
    y[i] = i < 2 ? x[i] : 1;
  }
  const int in = ob_agree_data(rig, random, OB_FLOAT32, rank, x, -1, 1), out = ob_agree_output(rig, OB_FLOAT32, rank, y);
  static const char *const ops[] = {"GlobalMaxPool", "GlobalAveragePool", "GlobalLpPool"};
  const int64_t op = ob_pick(random, 0, 2);
  ob_rig_node(rig, ops[op], OB_LIST(in), OB_LIST(out));
  if (op == 2) ob_rig_int(rig, "p", ob_pick(random, 1, 3));
}

static void lrn(ob_rig_t *rig, ob_random_t *random) {
  const int64_t n = ob_pick(random, 1, 2), c = ob_pick(random, 1, 12), s = ob_pick(random, 1, 40);
  const int x = ob_agree_data(rig, random, OB_FLOAT32, OB_DIMS(n, c, s, 33), -3, 3), y = ob_agree_output(rig, OB_FLOAT32, OB_DIMS(n, c, s, 33));
  ob_rig_node(rig, "LRN", OB_LIST(x), OB_LIST(y));
  ob_rig_int(rig, "size", ob_pick(random, 1, 6));
  ob_rig_float(rig, "alpha", 0.5f);
  ob_rig_float(rig, "beta", 0.75f);
  ob_rig_float(rig, "bias", 2.0f);
}

static void resize(ob_rig_t *rig, ob_random_t *random) {
  static const char *const coordinates[] = {"half_pixel", "pytorch_half_pixel", "align_corners", "asymmetric", "half_pixel_symmetric"};
  static const char *const rounding[] = {"round_prefer_floor", "round_prefer_ceil", "floor", "ceil"};
  int64_t in[4], out[4];
  double scales[4], sizes[4];
  const int32_t rank = (int32_t)ob_pick(random, 1, 4);
  const bool by_size = ob_pick(random, 0, 1) != 0, linear = ob_pick(random, 0, 1) != 0;
  for (int32_t i = 0; i < rank; i++) {
    in[i] = ob_pick(random, 1, 9);
    scales[i] = ob_pick(random, 0, 2) == 0 ? 1.0 : (double)(float)ob_random_real(random, 0.3, 3.0);
    if (ob_pick(random, 0, 3) == 0) scales[i] = 2;
    out[i] = (int64_t)((double)in[i] * scales[i]);
    if (out[i] < 1) {
      out[i] = in[i];
      scales[i] = 1;
    }
    sizes[i] = (double)out[i];
  }
  const ob_dtype_t dtype = linear || ob_pick(random, 0, 1) ? OB_FLOAT32 : OB_UINT8;
  const int x = ob_agree_data(rig, random, dtype, rank, in, 0, 9), y = ob_agree_output(rig, dtype, rank, out);
  if (by_size) {
    const int s = ob_rig_constant(rig, OB_INT64, OB_DIMS(rank), sizes);
    ob_rig_node(rig, "Resize", OB_LIST(x, OB_LEFT_OUT, OB_LEFT_OUT, s), OB_LIST(y));
  } else {
    const int s = ob_rig_constant(rig, OB_FLOAT32, OB_DIMS(rank), scales);
    ob_rig_node(rig, "Resize", OB_LIST(x, OB_LEFT_OUT, s), OB_LIST(y));
  }
  ob_rig_string(rig, "mode", linear ? "linear" : "nearest");
  ob_rig_string(rig, "coordinate_transformation_mode", coordinates[ob_pick(random, 0, 4)]);
  ob_rig_string(rig, "nearest_mode", rounding[ob_pick(random, 0, 3)]);
  ob_rig_string(rig, "keep_aspect_ratio_policy", "stretch");
  ob_rig_float(rig, "cubic_coeff_a", -0.75f);
  ob_rig_float(rig, "extrapolation_value", 0);
  ob_rig_int(rig, "antialias", 0);
  ob_rig_int(rig, "exclude_outside", 0);
}

static void conv_transpose(ob_rig_t *rig, ob_random_t *random) {
  ob_agree_window_t w;
  int64_t weights[5], extra[3];
  ob_agree_window(random, &w, 6);
  const int64_t groups = ob_pick(random, 1, 3), channels = ob_pick(random, 1, 9), filters = ob_pick(random, 1, 9);
  w.x[0] = w.y[0] = ob_pick(random, 1, 2);
  w.x[1] = weights[0] = groups * channels;
  w.y[1] = groups * filters;
  weights[1] = filters;
  memcpy(weights + 2, w.kernel, sizeof w.kernel);
  for (int32_t i = 0; i < w.spatial; i++) {
    extra[i] = ob_pick(random, 0, w.strides[i] - 1);
    w.y[i + 2] = (w.x[i + 2] - 1) * w.strides[i] + (w.kernel[i] - 1) * w.dilations[i] + 1 + extra[i] - w.pads[i] - w.pads[i + w.spatial];
    if (w.y[i + 2] < 1) {
      w.y[i + 2] += w.pads[i] + w.pads[i + w.spatial];
      w.pads[i] = w.pads[i + w.spatial] = 0;
    }
  }
  const int x = ob_agree_data(rig, random, OB_FLOAT32, w.spatial + 2, w.x, -1, 1);
  const int k = ob_agree_data(rig, random, OB_FLOAT32, w.spatial + 2, weights, -1, 1);
  const int b = ob_pick(random, 0, 1) ? ob_agree_data(rig, random, OB_FLOAT32, OB_DIMS(groups * filters), -1, 1) : OB_LEFT_OUT;
  const int out = ob_agree_output(rig, OB_FLOAT32, w.spatial + 2, w.y);
  ob_rig_node(rig, "ConvTranspose", OB_LIST(x, k, b), OB_LIST(out));
  ob_agree_state_window(rig, &w);
  ob_rig_ints(rig, "output_padding", extra, (size_t)w.spatial);
  ob_rig_int(rig, "group", groups);
}

OB_AGREES(max_pool, 80, 0)
OB_AGREES(average_pool, 80, 1e-6)
OB_AGREES(lp_pool, 80, 2e-6)
OB_AGREES(global_pool, 20, 1e-6)
OB_AGREES(lrn, 15, 2e-6)
OB_AGREES(resize, 150, 2e-6)
OB_AGREES(conv_transpose, 80, 5e-6)

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(max_pool_agrees), cmocka_unit_test(average_pool_agrees), cmocka_unit_test(lp_pool_agrees), cmocka_unit_test(global_pool_agrees),
                                     cmocka_unit_test(lrn_agrees),      cmocka_unit_test(resize_agrees),       cmocka_unit_test(conv_transpose_agrees)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
