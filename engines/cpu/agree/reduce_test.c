/* Reductions, softmax and normalisations against `ref`. */
#include "cpu/agree/agree.h"

static void reduce(ob_rig_t *rig, ob_random_t *random) {
  static const char *const ops[] = {"ReduceSum", "ReduceMean", "ReduceMax", "ReduceMin", "ReduceProd", "ReduceL1", "ReduceL2",
                                    "ReduceSumSquare", "ReduceLogSum", "ReduceLogSumExp"};
  int64_t dims[5], out[5];
  double axes[5];
  int64_t axis_count = 0;
  int32_t rank = ob_random_dims(random, 1, 5, ob_pick(random, 0, 3) == 0 ? 20 : 6, false, dims), out_rank = 0;
  if (ob_pick(random, 0, 3) == 0) dims[rank - 1] = ob_pick(random, 100, 1500);
  const bool keep = ob_pick(random, 0, 1) != 0, all = ob_pick(random, 0, 5) == 0;
  for (int32_t i = 0; i < rank; i++) {
    const bool gone = all || ob_pick(random, 0, 1) != 0 || (i == rank - 1 && axis_count == 0);
    if (gone && !all) axes[axis_count++] = ob_pick(random, 0, 1) ? i : i - rank;
    if (!gone || keep) out[out_rank++] = gone ? 1 : dims[i];
  }
  const int x = ob_agree_data(rig, random, OB_FLOAT32, rank, dims, 0.5, 1.5);
  const int a = all ? OB_LEFT_OUT : ob_rig_constant(rig, OB_INT64, OB_DIMS(axis_count), axes);
  const int y = ob_agree_output(rig, OB_FLOAT32, out_rank, out);
  ob_rig_node(rig, ops[ob_pick(random, 0, 9)], OB_LIST(x, a), OB_LIST(y));
  ob_rig_int(rig, "keepdims", keep);
  ob_rig_int(rig, "noop_with_empty_axes", 0);
}

static void softmax(ob_rig_t *rig, ob_random_t *random) {
  int64_t dims[4];
  const int32_t rank = ob_random_dims(random, 1, 4, 12, true, dims);
  if (ob_pick(random, 0, 3) == 0) dims[rank - 1] = ob_pick(random, 30, 1200);
  const bool logarithm = ob_pick(random, 0, 3) == 0;
  const int x = ob_agree_data(rig, random, OB_FLOAT32, rank, dims, -30, 30), y = ob_agree_output(rig, OB_FLOAT32, rank, dims);
  ob_rig_node(rig, logarithm ? "LogSoftmax" : "Softmax", OB_LIST(x), OB_LIST(y));
  ob_rig_int(rig, "axis", logarithm ? -1 : ob_pick(random, -rank, rank - 1));
}

static void layer_norm(ob_rig_t *rig, ob_random_t *random) {
  int64_t dims[4], statistics[4];
  const int32_t rank = ob_random_dims(random, 1, 4, 30, false, dims), axis = (int32_t)ob_pick(random, 0, rank - 1);
  for (int32_t i = 0; i < rank; i++) statistics[i] = i < axis ? dims[i] : 1;
  for (int32_t i = axis; i < rank; i++)
    if (dims[i] == 1) dims[i] = 2;
  const int x = ob_agree_data(rig, random, OB_FLOAT32, rank, dims, -3, 5);
  const int s = ob_agree_data(rig, random, OB_FLOAT32, rank - axis, dims + axis, -1, 1);
  const int b = ob_pick(random, 0, 1) ? ob_agree_data(rig, random, OB_FLOAT32, rank - axis, dims + axis, -1, 1) : OB_LEFT_OUT;
  const int y = ob_agree_output(rig, OB_FLOAT32, rank, dims);
  const bool more = ob_pick(random, 0, 3) == 0;
  const int m = more ? ob_agree_output(rig, OB_FLOAT32, rank, statistics) : OB_LEFT_OUT;
  const int v = more ? ob_agree_output(rig, OB_FLOAT32, rank, statistics) : OB_LEFT_OUT;
  ob_rig_node(rig, "LayerNormalization", OB_LIST(x, s, b), OB_LIST(y, m, v));
  ob_rig_int(rig, "axis", ob_pick(random, 0, 1) ? axis : axis - rank);
  ob_rig_float(rig, "epsilon", 1e-3f);
  ob_rig_int(rig, "stash_type", 1);
}

/* Integers, and sums and products that wrap around; float64. */
static void reduce_typed(ob_rig_t *rig, ob_random_t *random) {
  static const ob_dtype_t types[] = {OB_INT32, OB_INT64, OB_UINT32, OB_UINT64, OB_FLOAT64, OB_INT8, OB_UINT8, OB_BOOL};
  static const char *const ops[] = {"ReduceMax", "ReduceMin", "ReduceSum", "ReduceProd", "ReduceL1", "ReduceSumSquare", "ReduceMean", "ReduceL2", "ReduceLogSum"};
  const int64_t type = ob_pick(random, 0, 7);
  const ob_dtype_t dtype = types[type];
  const char *op = ops[ob_pick(random, 0, dtype == OB_FLOAT64 ? 8 : type < 4 ? 5 : 1)];
  int64_t dims[4], out[4];
  double axes[4];
  int64_t axis_count = 0;
  const int32_t rank = ob_random_dims(random, 1, 4, 9, op[6] == 'S', dims);
  if (ob_pick(random, 0, 5) == 0) dims[rank - 1] = 1100;
  for (int32_t i = 0; i < rank; i++) {
    const bool gone = ob_pick(random, 0, 1) != 0 || (i == rank - 1 && axis_count == 0);
    if (gone) axes[axis_count++] = i;
    out[i] = gone ? 1 : dims[i];
  }
  const bool wraps = (dtype == OB_INT32 || dtype == OB_UINT32) && ob_pick(random, 0, 1);
  const int x = ob_agree_data(rig, random, dtype, rank, dims, dtype == OB_BOOL || dtype == OB_FLOAT64 ? 0 : -9, dtype == OB_BOOL ? 1 : wraps ? 2e9 : 9);
  const int a = ob_rig_constant(rig, OB_INT64, OB_DIMS(axis_count), axes), y = ob_agree_output(rig, dtype, rank, out);
  ob_rig_node(rig, op, OB_LIST(x, a), OB_LIST(y));
  ob_rig_int(rig, "keepdims", 1);
  ob_rig_int(rig, "noop_with_empty_axes", 0);
}

static void along(ob_rig_t *rig, ob_random_t *random, const char *op, bool ties) {
  int64_t dims[4];
  const int32_t rank = ob_random_dims(random, 1, 4, 12, true, dims);
  if (ob_pick(random, 0, 3) == 0) dims[rank - 1] = ob_pick(random, 30, 1200);
  const int x = ob_agree_data(rig, random, OB_FLOAT32, rank, dims, -3, 3), y = ob_agree_output(rig, OB_FLOAT32, rank, dims);
  float *data = ob_rig_data(rig, x);
  for (size_t i = 0; ties && i < ob_rig_count(rig, x); i++) data[i] = ob_pick(random, 0, 30) == 0 ? NAN : rintf(data[i]);
  for (size_t i = 0; !ties && ob_pick(random, 0, 3) == 0 && i < ob_rig_count(rig, x); i++) data[i] = 0; /* no norm */
  ob_rig_node(rig, op, OB_LIST(x), OB_LIST(y));
  ob_rig_int(rig, "axis", ob_pick(random, -rank, rank - 1));
  if (!ties) ob_rig_int(rig, "p", ob_pick(random, 1, 2));
}

static void lp_normalization(ob_rig_t *rig, ob_random_t *random) { along(rig, random, "LpNormalization", false); }
static void hardmax(ob_rig_t *rig, ob_random_t *random) { along(rig, random, "Hardmax", true); }

static void mean_variance(ob_rig_t *rig, ob_random_t *random) {
  int64_t dims[5], axes[5];
  size_t count = 0;
  const int32_t rank = ob_random_dims(random, 1, 5, 6, ob_pick(random, 0, 9) == 0, dims);
  if (ob_pick(random, 0, 3) == 0) dims[rank - 1] = ob_pick(random, 30, 500);
  for (int32_t i = 0; i < rank; i++)
    if (ob_pick(random, 0, 1)) axes[count++] = ob_pick(random, 0, 1) ? i : i - rank;
  if (count == 0) axes[count++] = 0;
  int64_t *one = &dims[axes[0] < 0 ? axes[0] + rank : axes[0]];
  if (*one == 1) *one = 3; /* with nothing to deviate from, rounding errors over 1e-9 would be compared */
  const double middle = (double)ob_pick(random, 0, 2) * 50;
  const int x = ob_agree_data(rig, random, OB_FLOAT32, rank, dims, middle - 3, middle + 3), y = ob_agree_output(rig, OB_FLOAT32, rank, dims);
  ob_rig_node(rig, "MeanVarianceNormalization", OB_LIST(x), OB_LIST(y));
  ob_rig_ints(rig, "axes", axes, count);
}

static void dynamic_quantize(ob_rig_t *rig, ob_random_t *random) {
  int64_t dims[3];
  const int32_t rank = ob_random_dims(random, 0, 3, 30, true, dims);
  if (rank > 0 && ob_pick(random, 0, 3) == 0) dims[rank - 1] = 9001;
  const double low = (double)ob_pick(random, -3, 2);
  const int x = ob_agree_data(rig, random, OB_FLOAT32, rank, dims, low, low + (double)ob_pick(random, 0, 5));
  const int y = ob_agree_output(rig, OB_UINT8, rank, dims), s = ob_agree_output(rig, OB_FLOAT32, OB_SCALAR), z = ob_agree_output(rig, OB_UINT8, OB_SCALAR);
  ob_rig_node(rig, "DynamicQuantizeLinear", OB_LIST(x), OB_LIST(y, s, z));
}

OB_AGREES(reduce_typed, 200, 1e-12)
OB_AGREES(lp_normalization, 80, 1e-6)
OB_AGREES(hardmax, 80, 0)
OB_AGREES(mean_variance, 100, 1e-5)
OB_AGREES(dynamic_quantize, 60, 1e-6)
OB_AGREES(reduce, 200, 4e-6)
OB_AGREES(softmax, 80, 1e-6)
OB_AGREES(layer_norm, 80, 5e-6)

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(reduce_agrees),           cmocka_unit_test(softmax_agrees), cmocka_unit_test(layer_norm_agrees),    cmocka_unit_test(reduce_typed_agrees),
      cmocka_unit_test(lp_normalization_agrees), cmocka_unit_test(hardmax_agrees), cmocka_unit_test(mean_variance_agrees), cmocka_unit_test(dynamic_quantize_agrees),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
