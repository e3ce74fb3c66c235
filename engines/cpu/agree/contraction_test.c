/* MatMul, Gemm, Conv against `ref`. */
#include "cpu/agree/agree.h"

static void matmul(ob_rig_t *rig, ob_random_t *random) {
  int64_t batch[3], a[5], b[5], y[5];
  const int32_t batch_rank = (int32_t)ob_pick(random, 0, 2);
  const int64_t m = ob_pick(random, 1, 40), k = ob_pick(random, 1, ob_pick(random, 0, 4) == 0 ? 900 : 50), n = ob_pick(random, 1, 80);
  const bool a_vector = ob_pick(random, 0, 9) == 0, b_vector = ob_pick(random, 0, 9) == 0, b_flat = ob_pick(random, 0, 1) == 0;
  for (int i = 0; i < 3; i++) batch[i] = ob_pick(random, 1, 3);
  int32_t ar = 0, br = 0, yr = 0;
  for (int32_t i = 0; i < batch_rank; i++) {
    const bool one = ob_pick(random, 0, 3) == 0;
    if (!a_vector) a[ar++] = one && !b_vector && !b_flat ? 1 : batch[i];
    if (!b_vector && !b_flat) b[br++] = ob_pick(random, 0, 3) == 0 && !one && !a_vector ? 1 : batch[i];
    if (!a_vector || (!b_vector && !b_flat)) y[yr++] = batch[i];
  }
  if (!a_vector) a[ar++] = y[yr++] = m;
  a[ar++] = k;
  b[br++] = k;
  if (!b_vector) b[br++] = y[yr++] = n;
  const int x = ob_agree_data(rig, random, OB_FLOAT32, ar, a, -1, 1), w = ob_agree_data(rig, random, OB_FLOAT32, br, b, -1, 1);
  const int out = ob_agree_output(rig, OB_FLOAT32, yr, y);
  ob_rig_node(rig, "MatMul", OB_LIST(x, w), OB_LIST(out));
}

static void gemm(ob_rig_t *rig, ob_random_t *random) {
  const int64_t m = ob_pick(random, 1, 40), k = ob_pick(random, 1, 500), n = ob_pick(random, 1, 300);
  const bool ta = ob_pick(random, 0, 1) != 0, tb = ob_pick(random, 0, 1) != 0;
  const int a = ob_agree_data(rig, random, OB_FLOAT32, OB_DIMS(ta ? k : m, ta ? m : k), -1, 1);
  const int b = ob_agree_data(rig, random, OB_FLOAT32, OB_DIMS(tb ? n : k, tb ? k : n), -1, 1);
  int c = OB_LEFT_OUT;
  const int64_t shape = ob_pick(random, 0, 5);
  if (shape == 0) c = ob_agree_data(rig, random, OB_FLOAT32, OB_DIMS(n), -1, 1);
  if (shape == 1) c = ob_agree_data(rig, random, OB_FLOAT32, OB_DIMS(m, n), -1, 1);
  if (shape == 2) c = ob_agree_data(rig, random, OB_FLOAT32, OB_DIMS(m, 1), -1, 1);
  if (shape == 3) c = ob_agree_data(rig, random, OB_FLOAT32, OB_SCALAR, -1, 1);
  if (shape == 4) c = ob_agree_data(rig, random, OB_FLOAT32, OB_DIMS(1, n), -1, 1);
  const int out = ob_agree_output(rig, OB_FLOAT32, OB_DIMS(m, n));
  ob_rig_node(rig, "Gemm", OB_LIST(a, b, c), OB_LIST(out));
  ob_rig_int(rig, "transA", ta);
  ob_rig_int(rig, "transB", tb);
  ob_rig_float(rig, "alpha", ob_pick(random, 0, 1) ? 1.0f : 0.5f);
  ob_rig_float(rig, "beta", ob_pick(random, 0, 1) ? 1.0f : -2.0f);
}

static void conv(ob_rig_t *rig, ob_random_t *random) {
  ob_agree_window_t w;
  int64_t weights[5];
  ob_agree_window(random, &w, ob_pick(random, 0, 3) == 0 ? 36 : 12);
  const int64_t kind = ob_pick(random, 0, 3), groups = kind == 0 ? ob_pick(random, 2, 5) : kind == 1 ? ob_pick(random, 2, 20) : 1;
  const int64_t channels = kind == 1 ? 1 : ob_pick(random, 1, 9), filters = kind == 1 && ob_pick(random, 0, 1) ? 1 : ob_pick(random, 1, 40);
  w.x[0] = w.y[0] = ob_pick(random, 1, 2);
  w.x[1] = groups * channels;
  w.y[1] = weights[0] = groups * filters;
  weights[1] = channels;
  if (ob_pick(random, 0, 2) == 0) /* 1x1 on the spot */
    for (int i = 0; i < w.spatial; i++) {
      w.kernel[i] = w.strides[i] = 1;
      w.pads[i] = w.pads[i + w.spatial] = 0;
      w.y[i + 2] = w.x[i + 2];
    }
  memcpy(weights + 2, w.kernel, sizeof w.kernel);
  const int x = ob_agree_data(rig, random, OB_FLOAT32, w.spatial + 2, w.x, -1, 1);
  const int k = ob_agree_data(rig, random, OB_FLOAT32, w.spatial + 2, weights, -1, 1);
  const int b = ob_pick(random, 0, 1) ? ob_agree_data(rig, random, OB_FLOAT32, OB_DIMS(groups * filters), -1, 1) : OB_LEFT_OUT;
  const int out = ob_agree_output(rig, OB_FLOAT32, w.spatial + 2, w.y);
  ob_rig_node(rig, "Conv", OB_LIST(x, k, b), OB_LIST(out));
  ob_agree_state_window(rig, &w);
  ob_rig_int(rig, "group", groups);
}

/* Enough channels and pixels for several blocks in every direction. */
static void large_conv(ob_rig_t *rig, ob_random_t *random) {
  const int64_t channels = ob_pick(random, 20, 130), filters = ob_pick(random, 30, 100), size = ob_pick(random, 13, 33);
  const int64_t stride = ob_pick(random, 1, 2), out = (size + 2 - 3) / stride + 1;
  const int x = ob_agree_data(rig, random, OB_FLOAT32, OB_DIMS(1, channels, size, size), -1, 1);
  const int w = ob_agree_data(rig, random, OB_FLOAT32, OB_DIMS(filters, channels, 3, 3), -1, 1);
  const int y = ob_agree_output(rig, OB_FLOAT32, OB_DIMS(1, filters, out, out));
  ob_rig_node(rig, "Conv", OB_LIST(x, w), OB_LIST(y));
  ob_rig_ints(rig, "kernel_shape", OB_INTS(3, 3));
  ob_rig_ints(rig, "pads", OB_INTS(1, 1, 1, 1));
  ob_rig_ints(rig, "strides", OB_INTS(stride, stride));
  ob_rig_ints(rig, "dilations", OB_INTS(1, 1));
  ob_rig_string(rig, "auto_pad", "NOTSET");
  ob_rig_int(rig, "group", 1);
}

OB_AGREES(matmul, 80, 1e-5)
OB_AGREES(gemm, 40, 1e-5)
OB_AGREES(conv, 120, 1e-5)
OB_AGREES(large_conv, 5, 1e-5)

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(matmul_agrees), cmocka_unit_test(gemm_agrees), cmocka_unit_test(conv_agrees),
                                     cmocka_unit_test(large_conv_agrees)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
