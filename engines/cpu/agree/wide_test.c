/* float16 and bfloat16 through kernels of float32, against `ref`. */
#include "cpu/agree/agree.h"

static ob_dtype_t narrow(ob_random_t *random) { return ob_pick(random, 0, 1) ? OB_FLOAT16 : OB_BFLOAT16; }

static void product(ob_rig_t *rig, ob_random_t *random) {
  const ob_dtype_t t = narrow(random);
  const int64_t m = ob_pick(random, 1, 30), k = ob_pick(random, 1, 60), n = ob_pick(random, 1, 60), batch = ob_pick(random, 1, 3);
  const bool bias = ob_pick(random, 0, 1) != 0;
  if (ob_pick(random, 0, 1)) {
    const int a = ob_agree_data(rig, random, t, OB_DIMS(batch, m, k), -1, 1), b = ob_agree_data(rig, random, t, OB_DIMS(k, n), -1, 1);
    const int y = ob_agree_output(rig, t, OB_DIMS(batch, m, n));
    ob_rig_node(rig, "MatMul", OB_LIST(a, b), OB_LIST(y));
    return;
  }
  const int a = ob_agree_data(rig, random, t, OB_DIMS(m, k), -1, 1), b = ob_agree_data(rig, random, t, OB_DIMS(n, k), -1, 1);
  const int c = bias ? ob_agree_data(rig, random, t, OB_DIMS(n), -1, 1) : OB_LEFT_OUT;
  const int y = ob_agree_output(rig, t, OB_DIMS(m, n));
  ob_rig_node(rig, "Gemm", OB_LIST(a, b, c), OB_LIST(y));
  ob_rig_int(rig, "transA", 0);
  ob_rig_int(rig, "transB", 1);
  ob_rig_float(rig, "alpha", 1.0f);
  ob_rig_float(rig, "beta", 1.0f);
}

static void window(ob_rig_t *rig, ob_random_t *random) {
  const ob_dtype_t t = narrow(random);
  const int64_t groups = ob_pick(random, 1, 3), c = groups * ob_pick(random, 1, 4), f = groups * ob_pick(random, 1, 9), s = ob_pick(random, 3, 20);
  const bool pool = ob_pick(random, 0, 1) != 0;
  const int x = ob_agree_data(rig, random, t, OB_DIMS(2, c, s, s), -1, 1);
  if (pool) {
    const int y = ob_agree_output(rig, t, OB_DIMS(2, c, s, s));
    const bool mean = ob_pick(random, 0, 1) != 0;
    ob_rig_node(rig, mean ? "AveragePool" : "MaxPool", OB_LIST(x), OB_LIST(y));
    if (mean) ob_rig_int(rig, "count_include_pad", 0);
    ob_rig_int(rig, "ceil_mode", 0);
  } else {
    const int w = ob_agree_data(rig, random, t, OB_DIMS(f, c / groups, 3, 3), -1, 1), b = ob_agree_data(rig, random, t, OB_DIMS(f), -1, 1);
    const int y = ob_agree_output(rig, t, OB_DIMS(2, f, s, s));
    ob_rig_node(rig, "Conv", OB_LIST(x, w, b), OB_LIST(y));
    ob_rig_int(rig, "group", groups);
  }
  ob_rig_ints(rig, "kernel_shape", OB_INTS(3, 3));
  ob_rig_ints(rig, "strides", OB_INTS(1, 1));
  ob_rig_ints(rig, "dilations", OB_INTS(1, 1));
  ob_rig_ints(rig, "pads", OB_INTS(1, 1, 1, 1));
  ob_rig_string(rig, "auto_pad", "NOTSET");
}

static void reduce(ob_rig_t *rig, ob_random_t *random) {
  static const char *const ops[] = {"ReduceSum", "ReduceMean", "ReduceMax", "ReduceMin", "ReduceL1", "ReduceL2", "ReduceLogSumExp"};
  const ob_dtype_t t = narrow(random);
  int64_t dims[4];
  const int32_t rank = ob_random_dims(random, 1, 4, 8, false, dims), axis = (int32_t)ob_pick(random, 0, rank - 1);
  const double axes[1] = {axis};
  const int x = ob_agree_data(rig, random, t, rank, dims, 0.5, 1.5), a = ob_rig_constant(rig, OB_INT64, OB_DIMS(1), axes);
  dims[axis] = 1;
  const int y = ob_agree_output(rig, t, rank, dims);
  ob_rig_node(rig, ops[ob_pick(random, 0, 6)], OB_LIST(x, a), OB_LIST(y));
  ob_rig_int(rig, "keepdims", 1);
  ob_rig_int(rig, "noop_with_empty_axes", 0);
}

static void norm(ob_rig_t *rig, ob_random_t *random) {
  const ob_dtype_t t = narrow(random);
  const int64_t rows = ob_pick(random, 1, 9), n = ob_pick(random, 2, 90);
  const bool rms = ob_pick(random, 0, 1) != 0;
  const int x = ob_agree_data(rig, random, t, OB_DIMS(rows, n), -3, 5), s = ob_agree_data(rig, random, t, OB_DIMS(n), -1, 1);
  const int b = rms || ob_pick(random, 0, 1) ? OB_LEFT_OUT : ob_agree_data(rig, random, t, OB_DIMS(n), -1, 1);
  const int y = ob_agree_output(rig, t, OB_DIMS(rows, n));
  if (rms)
    ob_rig_node(rig, "RMSNormalization", OB_LIST(x, s), OB_LIST(y));
  else
    ob_rig_node(rig, "LayerNormalization", OB_LIST(x, s, b), OB_LIST(y));
  ob_rig_int(rig, "axis", -1);
  ob_rig_float(rig, "epsilon", 1e-3f);
  ob_rig_int(rig, "stash_type", 1);
}

static void top(ob_rig_t *rig, ob_random_t *random) {
  const ob_dtype_t t = narrow(random);
  const int64_t rows = ob_pick(random, 1, 5), n = ob_pick(random, 3, 40);
  const double k[1] = {(double)ob_pick(random, 1, 3)};
  const int x = ob_agree_data(rig, random, t, OB_DIMS(rows, n), -4, 4), count = ob_rig_constant(rig, OB_INT64, OB_DIMS(1), k);
  const int v = ob_agree_output(rig, t, OB_DIMS(rows, (int64_t)k[0])), at = ob_agree_output(rig, OB_INT64, OB_DIMS(rows, (int64_t)k[0]));
  ob_rig_node(rig, "TopK", OB_LIST(x, count), OB_LIST(v, at));
  ob_rig_int(rig, "axis", -1);
  ob_rig_int(rig, "largest", ob_pick(random, 0, 1));
  ob_rig_int(rig, "sorted", 1);
}

/* A step of bfloat16: the last bit of a rounded sum. */
OB_AGREES(product, 40, 8e-3)
OB_AGREES(window, 40, 8e-3)
OB_AGREES(reduce, 60, 8e-3)
OB_AGREES(norm, 40, 8e-3)
OB_AGREES(top, 30, 0)

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(product_agrees), cmocka_unit_test(window_agrees), cmocka_unit_test(reduce_agrees),
                                     cmocka_unit_test(norm_agrees), cmocka_unit_test(top_agrees)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
