/* Data movement against `ref`: any element size, any rank, empty tensors. */
#include "cpu/agree/agree.h"

static ob_dtype_t any_type(ob_random_t *random) {
  static const ob_dtype_t types[] = {OB_FLOAT32, OB_UINT8, OB_INT64, OB_FLOAT16, OB_BOOL, OB_INT32};
  return types[ob_pick(random, 0, 5)];
}

static int64_t product(int32_t rank, const int64_t *dims) {
  int64_t n = 1;
  for (int32_t i = 0; i < rank; i++) n *= dims[i];
  return n;
}

static void as_values(size_t count, const int64_t *ints, double *values) {
  for (size_t i = 0; i < count; i++) values[i] = (double)ints[i];
}

static void transpose(ob_rig_t *rig, ob_random_t *random) {
  int64_t dims[6], perm[6], out[6];
  const int32_t rank = ob_random_dims(random, 1, 5, ob_pick(random, 0, 3) == 0 ? 70 : 9, true, dims);
  if (product(rank, dims) > 400000) dims[0] = 1;
  for (int32_t i = 0; i < rank; i++) perm[i] = i;
  for (int32_t i = rank - 1; i > 0; i--) {
    const int64_t j = ob_pick(random, 0, i), kept = perm[i];
    perm[i] = perm[j];
    perm[j] = kept;
  }
  for (int32_t i = 0; i < rank; i++) out[i] = dims[perm[i]];
  const ob_dtype_t dtype = any_type(random);
  const int x = ob_agree_data(rig, random, dtype, rank, dims, 0, 100), y = ob_agree_output(rig, dtype, rank, out);
  ob_rig_node(rig, "Transpose", OB_LIST(x), OB_LIST(y));
  ob_rig_ints(rig, "perm", perm, (size_t)rank);
}

static void concat(ob_rig_t *rig, ob_random_t *random) {
  int64_t dims[4];
  int in[3];
  const int32_t rank = ob_random_dims(random, 1, 4, 7, false, dims), axis = (int32_t)ob_pick(random, 0, rank - 1);
  const ob_dtype_t dtype = any_type(random);
  int64_t total = 0;
  for (int i = 0; i < 3; i++) {
    dims[axis] = ob_pick(random, 0, 6);
    total += dims[axis];
    in[i] = ob_agree_data(rig, random, dtype, rank, dims, 0, 100);
  }
  dims[axis] = total;
  const int y = ob_agree_output(rig, dtype, rank, dims);
  ob_rig_node(rig, "Concat", in, 3, &y, 1);
  ob_rig_int(rig, "axis", ob_pick(random, 0, 1) ? axis : axis - rank);
}

static void slice(ob_rig_t *rig, ob_random_t *random) {
  int64_t dims[4], out[4];
  double starts[4], ends[4], steps[4], axes[4];
  const int32_t rank = ob_random_dims(random, 1, 4, 9, false, dims);
  for (int32_t i = 0; i < rank; i++) {
    const int64_t step = ob_pick(random, 0, 1) ? ob_pick(random, 1, 3) : -ob_pick(random, 1, 3);
    const int64_t first = ob_pick(random, 0, dims[i] - 1), last = step > 0 ? ob_pick(random, first, dims[i]) : ob_pick(random, -1, first);
    out[i] = step > 0 ? (last - first + step - 1) / step : (first - last - step - 1) / -step;
    starts[i] = (double)(ob_pick(random, 0, 1) ? first : first - dims[i]);
    ends[i] = (double)(last < 0 ? -dims[i] - 1 : last == dims[i] ? 1000000 : last);
    steps[i] = (double)step;
    axes[i] = (double)(ob_pick(random, 0, 1) ? i : i - rank);
  }
  const ob_dtype_t dtype = any_type(random);
  const int x = ob_agree_data(rig, random, dtype, rank, dims, 0, 100), y = ob_agree_output(rig, dtype, rank, out);
  const int s = ob_rig_constant(rig, OB_INT64, OB_DIMS(rank), starts), e = ob_rig_input(rig, OB_INT64, OB_DIMS(rank), ends);
  const int a = ob_rig_constant(rig, OB_INT64, OB_DIMS(rank), axes), t = ob_rig_constant(rig, OB_INT64, OB_DIMS(rank), steps);
  ob_rig_node(rig, "Slice", OB_LIST(x, s, e, a, t), OB_LIST(y));
}

static void expand(ob_rig_t *rig, ob_random_t *random) {
  int64_t dims[4], own[4];
  double shape[4];
  const int32_t rank = ob_random_dims(random, 1, 4, 40, true, dims), own_rank = ob_random_broadcast(random, rank, dims, own);
  as_values((size_t)rank, dims, shape);
  const ob_dtype_t dtype = any_type(random);
  const int x = ob_agree_data(rig, random, dtype, own_rank, own, 0, 100), s = ob_rig_constant(rig, OB_INT64, OB_DIMS(rank), shape);
  const int y = ob_agree_output(rig, dtype, rank, dims);
  ob_rig_node(rig, "Expand", OB_LIST(x, s), OB_LIST(y));
}

static void pad(ob_rig_t *rig, ob_random_t *random) {
  static const char *const modes[] = {"constant", "edge", "reflect", "wrap"};
  int64_t dims[3], out[3];
  double pads[6];
  const int32_t rank = ob_random_dims(random, 1, 3, 9, false, dims);
  const int64_t mode = ob_pick(random, 0, 3);
  for (int32_t i = 0; i < rank; i++) {
    const int64_t most = mode == 2 ? dims[i] - 1 : mode == 3 ? dims[i] : 4;
    const int64_t before = ob_pick(random, mode == 0 && dims[i] > 2 ? -1 : 0, most), after = ob_pick(random, 0, most);
    pads[i] = (double)before;
    pads[i + rank] = (double)after;
    out[i] = dims[i] + before + after;
  }
  const ob_dtype_t dtype = any_type(random);
  const int x = ob_agree_data(rig, random, dtype, rank, dims, 0, 100), p = ob_rig_constant(rig, OB_INT64, OB_DIMS(2 * rank), pads);
  const int v = mode == 0 && ob_pick(random, 0, 1) ? ob_agree_data(rig, random, dtype, OB_SCALAR, 0, 9) : OB_LEFT_OUT;
  const int y = ob_agree_output(rig, dtype, rank, out);
  ob_rig_node(rig, "Pad", OB_LIST(x, p, v), OB_LIST(y));
  ob_rig_string(rig, "mode", modes[mode]);
}

static void gather(ob_rig_t *rig, ob_random_t *random) {
  int64_t dims[3], indices[2], out[5];
  const int32_t rank = ob_random_dims(random, 1, 3, 9, false, dims), index_rank = ob_random_dims(random, 0, 2, 5, true, indices);
  const int32_t axis = (int32_t)ob_pick(random, 0, rank - 1);
  int32_t r = 0;
  for (int32_t i = 0; i < axis; i++) out[r++] = dims[i];
  for (int32_t i = 0; i < index_rank; i++) out[r++] = indices[i];
  for (int32_t i = axis + 1; i < rank; i++) out[r++] = dims[i];
  const ob_dtype_t dtype = any_type(random);
  const int x = ob_agree_data(rig, random, dtype, rank, dims, 0, 100);
  const int n = ob_agree_data(rig, random, ob_pick(random, 0, 1) ? OB_INT64 : OB_INT32, index_rank, indices, (double)-dims[axis], (double)dims[axis] - 1);
  const int y = ob_agree_output(rig, dtype, r, out);
  ob_rig_node(rig, "Gather", OB_LIST(x, n), OB_LIST(y));
  ob_rig_int(rig, "axis", axis);
}

OB_AGREES(transpose, 120, 0)
OB_AGREES(concat, 40, 0)
OB_AGREES(slice, 80, 0)
OB_AGREES(expand, 60, 0)
OB_AGREES(pad, 80, 0)
OB_AGREES(gather, 80, 0)

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(transpose_agrees), cmocka_unit_test(concat_agrees), cmocka_unit_test(slice_agrees),
                                     cmocka_unit_test(expand_agrees),    cmocka_unit_test(pad_agrees),    cmocka_unit_test(gather_agrees)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
