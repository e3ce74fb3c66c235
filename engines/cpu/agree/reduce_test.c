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

OB_AGREES(reduce, 200, 4e-6)
OB_AGREES(softmax, 80, 1e-6)
OB_AGREES(layer_norm, 80, 5e-6)

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(reduce_agrees), cmocka_unit_test(softmax_agrees), cmocka_unit_test(layer_norm_agrees)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
