/* Selection and rearrangement against `ref`: Split, Tile, DepthToSpace, ArgMax, TopK, CumSum, scatter and gather, Trilu, OneHot, norms. */
#include "cpu/agree/agree.h"

static void split(ob_rig_t *rig, ob_random_t *random) {
  int64_t dims[4];
  double lengths[3];
  int out[3];
  const int32_t rank = ob_random_dims(random, 1, 4, 6, false, dims), axis = (int32_t)ob_pick(random, 0, rank - 1);
  int64_t part[3];
  dims[axis] = 0;
  for (int i = 0; i < 3; i++) {
    part[i] = ob_pick(random, 0, 5);
    lengths[i] = (double)part[i];
    dims[axis] += part[i];
  }
  const int x = ob_agree_data(rig, random, OB_INT32, rank, dims, -99, 99), s = ob_rig_constant(rig, OB_INT64, OB_DIMS(3), lengths);
  for (int i = 0; i < 3; i++) {
    dims[axis] = part[i];
    out[i] = ob_agree_output(rig, OB_INT32, rank, dims);
  }
  ob_rig_node(rig, "Split", OB_LIST(x, s), out, 3);
  ob_rig_int(rig, "axis", axis);
}

static void tile(ob_rig_t *rig, ob_random_t *random) {
  int64_t dims[4];
  double repeats[4];
  const int32_t rank = ob_random_dims(random, 1, 4, 6, true, dims);
  const int x = ob_agree_data(rig, random, OB_FLOAT16, rank, dims, -99, 99);
  for (int32_t i = 0; i < rank; i++) {
    const int64_t n = ob_pick(random, 0, 9) == 0 ? 0 : ob_pick(random, 1, 4);
    repeats[i] = (double)n;
    dims[i] *= n;
  }
  const int r = ob_rig_constant(rig, OB_INT64, OB_DIMS(rank), repeats), y = ob_agree_output(rig, OB_FLOAT16, rank, dims);
  ob_rig_node(rig, "Tile", OB_LIST(x, r), OB_LIST(y));
}

static void depth_space(ob_rig_t *rig, ob_random_t *random) {
  const int64_t n = ob_pick(random, 1, 2), c = ob_pick(random, 1, 4), h = ob_pick(random, 1, 6), w = ob_pick(random, 1, 20), b = ob_pick(random, 1, 3);
  const bool back = ob_pick(random, 0, 1) != 0;
  const int64_t deep[4] = {n, c * b * b, h, w}, wide[4] = {n, c, h * b, w * b};
  const int x = ob_agree_data(rig, random, OB_FLOAT32, 4, back ? wide : deep, -9, 9), y = ob_agree_output(rig, OB_FLOAT32, 4, back ? deep : wide);
  ob_rig_node(rig, back ? "SpaceToDepth" : "DepthToSpace", OB_LIST(x), OB_LIST(y));
  ob_rig_int(rig, "blocksize", b);
  ob_rig_string(rig, "mode", ob_pick(random, 0, 1) ? "CRD" : "DCR");
}

/* Any type, with equals; NaN among the floats. */
static int rounded(ob_rig_t *rig, ob_random_t *random, int32_t rank, const int64_t *dims) {
  static const ob_dtype_t types[] = {OB_FLOAT32, OB_FLOAT64, OB_INT8, OB_UINT8, OB_INT16, OB_UINT16, OB_INT32, OB_UINT32, OB_INT64, OB_UINT64};
  const ob_dtype_t dtype = types[ob_pick(random, 0, 9)];
  const int x = ob_agree_data(rig, random, dtype, rank, dims, -2, 2);
  for (size_t i = 0; i < ob_rig_count(rig, x); i++)
    if (dtype == OB_FLOAT32 || dtype == OB_FLOAT64)
      ob_element_set(dtype, ob_rig_data(rig, x), i, ob_pick(random, 0, 20) == 0 ? NAN : rint(ob_element_get(dtype, ob_rig_data(rig, x), i)));
  return x;
}

static void arg(ob_rig_t *rig, ob_random_t *random) {
  int64_t dims[4];
  const int32_t rank = ob_random_dims(random, 1, 4, 8, false, dims), axis = (int32_t)ob_pick(random, 0, rank - 1);
  const int x = rounded(rig, random, rank, dims);
  dims[axis] = 1;
  const int y = ob_agree_output(rig, OB_INT64, rank, dims);
  ob_rig_node(rig, ob_pick(random, 0, 1) ? "ArgMax" : "ArgMin", OB_LIST(x), OB_LIST(y));
  ob_rig_int(rig, "axis", axis);
  ob_rig_int(rig, "keepdims", 1);
  ob_rig_int(rig, "select_last_index", ob_pick(random, 0, 1));
}

static void top_k(ob_rig_t *rig, ob_random_t *random) {
  int64_t dims[3];
  const int32_t rank = ob_random_dims(random, 1, 3, 30, false, dims), axis = (int32_t)ob_pick(random, 0, rank - 1);
  const int x = rounded(rig, random, rank, dims);
  dims[axis] = ob_pick(random, 0, dims[axis]);
  const double k = (double)dims[axis];
  const int n = ob_rig_constant(rig, OB_INT64, OB_DIMS(1), &k);
  const int v = ob_agree_output(rig, ob_rig_dtype(rig, x), rank, dims), i = ob_agree_output(rig, OB_INT64, rank, dims);
  ob_rig_node(rig, "TopK", OB_LIST(x, n), OB_LIST(v, i));
  ob_rig_int(rig, "axis", axis);
  ob_rig_int(rig, "largest", ob_pick(random, 0, 1));
  ob_rig_int(rig, "sorted", 1);
}

static void cumsum(ob_rig_t *rig, ob_random_t *random) {
  int64_t dims[3];
  const int32_t rank = ob_random_dims(random, 1, 3, 9, true, dims);
  const double axis = (double)ob_pick(random, -rank, rank - 1);
  const ob_dtype_t dtype = ob_pick(random, 0, 1) ? OB_FLOAT32 : OB_INT64;
  const int x = ob_agree_data(rig, random, dtype, rank, dims, -9, 9), a = ob_rig_constant(rig, OB_INT64, OB_SCALAR, &axis);
  const int y = ob_agree_output(rig, dtype, rank, dims);
  ob_rig_node(rig, "CumSum", OB_LIST(x, a), OB_LIST(y));
  ob_rig_int(rig, "exclusive", ob_pick(random, 0, 1));
  ob_rig_int(rig, "reverse", ob_pick(random, 0, 1));
}

static const char *reduction(ob_random_t *random) {
  static const char *const names[] = {"none", "add", "mul", "max", "min"};
  return names[ob_pick(random, 0, 4)];
}

static void elements(ob_rig_t *rig, ob_random_t *random) {
  int64_t dims[3], small[3];
  const int32_t rank = ob_random_dims(random, 1, 3, 7, false, dims), axis = (int32_t)ob_pick(random, 0, rank - 1);
  for (int32_t i = 0; i < rank; i++) small[i] = ob_pick(random, 1, dims[i]);
  const bool gather = ob_pick(random, 0, 1) != 0;
  const char *how = reduction(random);
  if (!gather && strcmp(how, "none") == 0) small[axis] = 1; /* of updates of one place the last would win */
  const int x = ob_agree_data(rig, random, OB_FLOAT32, rank, dims, -9, 9);
  const int n = ob_agree_data(rig, random, OB_INT64, rank, small, (double)-dims[axis], (double)dims[axis] - 1);
  const int u = gather ? -1 : ob_agree_data(rig, random, OB_FLOAT32, rank, small, -2, 2);
  const int y = ob_agree_output(rig, OB_FLOAT32, rank, gather ? small : dims);
  if (gather)
    ob_rig_node(rig, "GatherElements", OB_LIST(x, n), OB_LIST(y));
  else
    ob_rig_node(rig, "ScatterElements", OB_LIST(x, n, u), OB_LIST(y));
  ob_rig_int(rig, "axis", axis);
  if (!gather) ob_rig_string(rig, "reduction", how);
}

static void nd(ob_rig_t *rig, ob_random_t *random) {
  int64_t dims[4], tuples[3], out[6];
  const int32_t rank = ob_random_dims(random, 1, 4, 5, false, dims), depth = (int32_t)ob_pick(random, 1, rank);
  const int64_t count = ob_pick(random, 1, 6);
  int64_t least = dims[0];
  for (int32_t i = 0; i < depth; i++) least = dims[i] < least ? dims[i] : least;
  tuples[0] = count;
  tuples[1] = depth;
  out[0] = count;
  memcpy(out + 1, dims + depth, (size_t)(rank - depth) * sizeof *dims);
  const int x = ob_agree_data(rig, random, OB_FLOAT32, rank, dims, -9, 9);
  const int n = ob_agree_data(rig, random, OB_INT64, 2, tuples, (double)-least, (double)least - 1);
  if (ob_pick(random, 0, 1)) {
    const int y = ob_agree_output(rig, OB_FLOAT32, rank - depth + 1, out);
    ob_rig_node(rig, "GatherND", OB_LIST(x, n), OB_LIST(y));
    ob_rig_int(rig, "batch_dims", 0);
    return;
  }
  const int u = ob_agree_data(rig, random, OB_FLOAT32, rank - depth + 1, out, -2, 2), y = ob_agree_output(rig, OB_FLOAT32, rank, dims);
  ob_rig_node(rig, "ScatterND", OB_LIST(x, n, u), OB_LIST(y));
  ob_rig_string(rig, "reduction", reduction(random));
}

static void trilu(ob_rig_t *rig, ob_random_t *random) {
  int64_t dims[4];
  const int32_t rank = ob_random_dims(random, 2, 4, 9, true, dims);
  const double k = (double)ob_pick(random, -11, 11);
  const int x = ob_agree_data(rig, random, OB_INT64, rank, dims, -9, 9), n = ob_rig_constant(rig, OB_INT64, OB_SCALAR, &k);
  const int y = ob_agree_output(rig, OB_INT64, rank, dims);
  ob_rig_node(rig, "Trilu", OB_LIST(x, n), OB_LIST(y));
  ob_rig_int(rig, "upper", ob_pick(random, 0, 1));
}

static void one_hot(ob_rig_t *rig, ob_random_t *random) {
  int64_t dims[3], out[4];
  const int32_t rank = ob_random_dims(random, 0, 3, 5, false, dims), axis = (int32_t)ob_pick(random, 0, rank);
  const double depth = (double)ob_pick(random, 1, 6);
  for (int32_t i = 0, k = 0; i <= rank; i++) out[i] = i == axis ? (int64_t)depth : dims[k++];
  const int x = ob_agree_data(rig, random, OB_INT64, rank, dims, -8, 8), d = ob_rig_constant(rig, OB_INT64, OB_SCALAR, &depth);
  const int v = ob_rig_constant(rig, OB_FLOAT32, OB_DIMS(2), OB_VALUES(-1, 3)), y = ob_agree_output(rig, OB_FLOAT32, rank + 1, out);
  ob_rig_node(rig, "OneHot", OB_LIST(x, d, v), OB_LIST(y));
  ob_rig_int(rig, "axis", ob_pick(random, 0, 1) ? axis : axis - rank - 1);
}

static void group_norm(ob_rig_t *rig, ob_random_t *random) {
  int64_t dims[4];
  const int32_t rank = ob_random_dims(random, 3, 4, 9, false, dims);
  const int64_t groups = ob_pick(random, 1, 3);
  const bool instance = ob_pick(random, 0, 1) != 0;
  dims[1] *= groups;
  dims[rank - 1] += 2;
  const int x = ob_agree_data(rig, random, OB_FLOAT32, rank, dims, -3, 3), s = ob_agree_data(rig, random, OB_FLOAT32, OB_DIMS(dims[1]), -1, 1);
  const int b = ob_agree_data(rig, random, OB_FLOAT32, OB_DIMS(dims[1]), -1, 1), y = ob_agree_output(rig, OB_FLOAT32, rank, dims);
  ob_rig_node(rig, instance ? "InstanceNormalization" : "GroupNormalization", OB_LIST(x, s, b), OB_LIST(y));
  ob_rig_float(rig, "epsilon", 1e-3f);
  if (!instance) ob_rig_int(rig, "num_groups", groups);
  if (!instance) ob_rig_int(rig, "stash_type", 1);
}

static void rms_norm(ob_rig_t *rig, ob_random_t *random) {
  const int64_t rows = ob_pick(random, 1, 9), n = ob_pick(random, 2, 90);
  const int x = ob_agree_data(rig, random, OB_FLOAT32, OB_DIMS(rows, n), -3, 3), s = ob_agree_data(rig, random, OB_FLOAT32, OB_DIMS(n), -1, 1);
  const int y = ob_agree_output(rig, OB_FLOAT32, OB_DIMS(rows, n));
  ob_rig_node(rig, "RMSNormalization", OB_LIST(x, s), OB_LIST(y));
  ob_rig_int(rig, "axis", -1);
  ob_rig_float(rig, "epsilon", 1e-3f);
  ob_rig_int(rig, "stash_type", 1);
}

OB_AGREES(split, 40, 0)
OB_AGREES(tile, 60, 0)
OB_AGREES(depth_space, 40, 0)
OB_AGREES(arg, 60, 0)
OB_AGREES(top_k, 60, 0)
OB_AGREES(cumsum, 60, 1e-6)
OB_AGREES(elements, 80, 1e-6)
OB_AGREES(nd, 60, 1e-6)
OB_AGREES(trilu, 60, 0)
OB_AGREES(one_hot, 40, 0)
OB_AGREES(group_norm, 40, 5e-6)
OB_AGREES(rms_norm, 30, 2e-6)

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(split_agrees), cmocka_unit_test(tile_agrees),     cmocka_unit_test(depth_space_agrees), cmocka_unit_test(arg_agrees),
      cmocka_unit_test(top_k_agrees), cmocka_unit_test(cumsum_agrees),   cmocka_unit_test(elements_agrees),    cmocka_unit_test(nd_agrees),
      cmocka_unit_test(trilu_agrees), cmocka_unit_test(one_hot_agrees),  cmocka_unit_test(group_norm_agrees),  cmocka_unit_test(rms_norm_agrees)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
