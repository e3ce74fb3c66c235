/* Products of 8-bit integers against `ref`. */
#include "cpu/agree/agree.h"

static ob_dtype_t byte(ob_random_t *random) { return ob_pick(random, 0, 1) ? OB_UINT8 : OB_INT8; }
static int bytes(ob_rig_t *rig, ob_random_t *random, ob_dtype_t dtype, int32_t rank, const int64_t *dims) {
  return ob_agree_data(rig, random, dtype, rank, dims, dtype == OB_UINT8 ? 0 : -128, dtype == OB_UINT8 ? 255 : 127);
}
/* A scalar, or one number for each of `count`. */
static int some(ob_rig_t *rig, ob_random_t *random, ob_dtype_t dtype, int64_t count, double low, double high) {
  return ob_agree_data(rig, random, dtype, ob_pick(random, 0, 1) ? 1 : 0, &count, low, high);
}
static int one(ob_rig_t *rig, ob_random_t *random, ob_dtype_t dtype, double low, double high) {
  const int64_t count = 1;
  return ob_agree_data(rig, random, dtype, ob_pick(random, 0, 1) ? 1 : 0, &count, low, high);
}

static void matmul(ob_rig_t *rig, ob_random_t *random) {
  const ob_dtype_t ta = byte(random), tb = byte(random), ty = byte(random);
  const int32_t more = (int32_t)ob_pick(random, 0, 2);
  const bool flat = ob_pick(random, 0, 1) != 0;
  int64_t a[4], b[4], y[4];
  for (int32_t i = 0; i < more; i++) a[i] = b[i] = y[i] = ob_pick(random, 1, 3);
  const int64_t m = ob_pick(random, 0, 9) ? ob_pick(random, 1, 20) : 0, k = ob_pick(random, 1, 100), n = ob_pick(random, 1, 140);
  a[more] = y[more] = m;
  a[more + 1] = k;
  b[flat ? 0 : more] = k;
  b[flat ? 1 : more + 1] = y[more + 1] = n;
  const int x = bytes(rig, random, ta, more + 2, a), w = bytes(rig, random, tb, flat ? 2 : more + 2, b);
  const int xz = one(rig, random, ta, 0, 9), wz = some(rig, random, tb, n, 0, 9);
  if (ob_pick(random, 0, 1)) {
    const int out = ob_agree_output(rig, OB_INT32, more + 2, y);
    const bool plain = ob_pick(random, 0, 2) == 0;
    ob_rig_node(rig, "MatMulInteger", OB_LIST(x, w, plain ? OB_LEFT_OUT : xz, plain ? OB_LEFT_OUT : wz), OB_LIST(out));
    return;
  }
  const int xs = one(rig, random, OB_FLOAT32, 0.01, 0.05), ws = some(rig, random, OB_FLOAT32, n, 0.01, 0.05);
  const int ys = one(rig, random, OB_FLOAT32, 0.1, 0.5), yz = one(rig, random, ty, 0, 20);
  const int out = ob_agree_output(rig, ty, more + 2, y);
  ob_rig_node(rig, "QLinearMatMul", OB_LIST(x, xs, xz, w, ws, wz, ys, yz), OB_LIST(out));
}

static void conv(ob_rig_t *rig, ob_random_t *random) {
  const ob_dtype_t tx = byte(random), tw = byte(random), ty = byte(random);
  ob_agree_window_t w;
  int64_t weights[5];
  ob_agree_window(random, &w, 12);
  const int64_t groups = ob_pick(random, 1, 4), channels = ob_pick(random, 1, 6), filters = ob_pick(random, 1, 9);
  w.x[0] = w.y[0] = ob_pick(random, 1, 2);
  w.x[1] = groups * channels;
  w.y[1] = weights[0] = groups * filters;
  weights[1] = channels;
  memcpy(weights + 2, w.kernel, sizeof w.kernel);
  const int x = bytes(rig, random, tx, w.spatial + 2, w.x), k = bytes(rig, random, tw, w.spatial + 2, weights);
  const int xz = one(rig, random, tx, 0, 9), wz = some(rig, random, tw, groups * filters, 0, 9);
  if (ob_pick(random, 0, 1)) {
    const int y = ob_agree_output(rig, OB_INT32, w.spatial + 2, w.y);
    ob_rig_node(rig, "ConvInteger", OB_LIST(x, k, xz, wz), OB_LIST(y));
  } else {
    const int xs = one(rig, random, OB_FLOAT32, 0.01, 0.05), ws = some(rig, random, OB_FLOAT32, groups * filters, 0.01, 0.05);
    const int ys = one(rig, random, OB_FLOAT32, 0.1, 0.5), yz = one(rig, random, ty, 0, 20);
    const int64_t count = groups * filters;
    const int bias = ob_pick(random, 0, 1) ? ob_agree_data(rig, random, OB_INT32, 1, &count, -3000, 3000) : OB_LEFT_OUT;
    const int y = ob_agree_output(rig, ty, w.spatial + 2, w.y);
    ob_rig_node(rig, "QLinearConv", OB_LIST(x, xs, xz, k, ws, wz, ys, yz, bias), OB_LIST(y));
  }
  ob_agree_state_window(rig, &w);
  ob_rig_int(rig, "group", groups);
}

OB_AGREES(matmul, 100, 0)
OB_AGREES(conv, 80, 0)

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(matmul_agrees), cmocka_unit_test(conv_agrees)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
