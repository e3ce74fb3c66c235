/* Element-wise operators against `ref`: all of them, with attributes, in the types that each takes. */
#include "cpu/agree/agree.h"

static void shape_of(ob_random_t *random, int32_t *rank, int64_t *dims) {
  *rank = ob_random_dims(random, 0, 4, ob_pick(random, 0, 3) == 0 ? 40 : 7, true, dims);
}

static void unary(ob_rig_t *rig, ob_random_t *random) {
  static const struct {
    const char *op;
    double low, high;
  } ops[] = {{"Relu", -3, 3},  {"LeakyRelu", -3, 3}, {"ThresholdedRelu", -3, 3}, {"Elu", -3, 3},    {"Celu", -3, 3},    {"Selu", -3, 3},
             {"Sigmoid", -9, 9}, {"HardSigmoid", -5, 5}, {"HardSwish", -5, 5},   {"Swish", -9, 9},  {"Tanh", -5, 5},    {"Erf", -4, 4},
             {"Exp", -9, 4},   {"Log", 0.01, 9},     {"Sqrt", 0, 9},             {"Reciprocal", 0.1, 5}, {"Abs", -3, 3}, {"Neg", -3, 3},
             {"Sign", -3, 3},  {"Floor", -9, 9},     {"Ceil", -9, 9},            {"Round", -9, 9},  {"Softplus", -9, 9}, {"Softsign", -9, 9},
             {"Mish", -9, 9},  {"Sin", -9, 9},       {"Cos", -9, 9},             {"Tan", -1, 1},    {"Asin", -1, 1},    {"Acos", -1, 1},
             {"Atan", -3, 3},  {"Sinh", -3, 3},      {"Cosh", -3, 3},            {"Asinh", -3, 3},  {"Acosh", 1, 5},    {"Atanh", -0.9, 0.9},
             {"Shrink", -2, 2}, {"Gelu", -5, 5}};
  const size_t n = (size_t)ob_pick(random, 0, sizeof ops / sizeof *ops - 1);
  int64_t dims[OB_MAX_RANK];
  int32_t rank;
  shape_of(random, &rank, dims);
  const int x = ob_agree_data(rig, random, OB_FLOAT32, rank, dims, ops[n].low, ops[n].high), y = ob_agree_output(rig, OB_FLOAT32, rank, dims);
  const char *op = ops[n].op;
  ob_rig_node(rig, op, OB_LIST(x), OB_LIST(y));
  if (strcmp(op, "LeakyRelu") == 0 || strcmp(op, "ThresholdedRelu") == 0 || strcmp(op, "Elu") == 0 || strcmp(op, "Celu") == 0 || strcmp(op, "Swish") == 0)
    ob_rig_float(rig, "alpha", 0.3f);
  if (strcmp(op, "HardSigmoid") == 0 || strcmp(op, "Selu") == 0) ob_rig_float(rig, "alpha", 0.25f);
  if (strcmp(op, "HardSigmoid") == 0) ob_rig_float(rig, "beta", 0.4f);
  if (strcmp(op, "Selu") == 0) ob_rig_float(rig, "gamma", 1.1f);
  if (strcmp(op, "Shrink") == 0) ob_rig_float(rig, "lambd", 0.7f);
  if (strcmp(op, "Shrink") == 0) ob_rig_float(rig, "bias", 0.2f);
  if (strcmp(op, "Gelu") == 0) ob_rig_string(rig, "approximate", ob_pick(random, 0, 1) ? "tanh" : "none");
}

/* One of two operands, at random the second, has the whole shape; the others are broadcast. */
static void operands(ob_rig_t *rig, ob_random_t *random, const ob_dtype_t *dtypes, int count, double low, double high, int *in, int32_t *rank,
                     int64_t *dims) {
  shape_of(random, rank, dims);
  const int64_t whole = ob_pick(random, 0, count - 1);
  for (int i = 0; i < count; i++) {
    int64_t own[OB_MAX_RANK];
    memcpy(own, dims, sizeof own);
    const int32_t own_rank = i == whole ? *rank : ob_random_broadcast(random, *rank, dims, own);
    in[i] = ob_agree_data(rig, random, dtypes[i], own_rank, own, low, high);
  }
}

static void numeric(ob_rig_t *rig, ob_random_t *random) {
  static const char *const ops[] = {"Add", "Sub", "Mul", "Div", "Max", "Min", "Sum", "Mean", "PRelu", "Pow", "Mod"};
  static const ob_dtype_t all[] = {OB_FLOAT32, OB_INT32, OB_INT64, OB_UINT8, OB_INT16, OB_FLOAT64, OB_UINT64};
  const int64_t n = ob_pick(random, 0, 10);
  const ob_dtype_t dtype = n < 6 || n == 10 ? all[ob_pick(random, 0, n == 10 ? 4 : 6)] : OB_FLOAT32;
  const ob_dtype_t dtypes[2] = {dtype, dtype};
  int64_t dims[OB_MAX_RANK];
  int32_t rank;
  int in[2];
  operands(rig, random, dtypes, 2, 1, 9, in, &rank, dims);
  const int y = ob_agree_output(rig, dtype, rank, dims);
  if (n == 8) { /* the slope is the one that may be broadcast */
    const int slope = ob_agree_data(rig, random, OB_FLOAT32, OB_SCALAR, -1, 1), x = ob_agree_data(rig, random, OB_FLOAT32, rank, dims, -3, 3);
    ob_rig_node(rig, ops[n], OB_LIST(x, slope), OB_LIST(y));
    return;
  }
  ob_rig_node(rig, ops[n], in, 2, &y, 1);
  if (n == 10) ob_rig_int(rig, "fmod", dtype == OB_FLOAT32 || ob_pick(random, 0, 1));
}

static void compare(ob_rig_t *rig, ob_random_t *random) {
  static const char *const ops[] = {"Equal", "Less", "LessOrEqual", "Greater", "GreaterOrEqual"};
  static const ob_dtype_t all[] = {OB_FLOAT32, OB_INT32, OB_INT64, OB_UINT8, OB_FLOAT16, OB_FLOAT64};
  const ob_dtype_t dtype = all[ob_pick(random, 0, 5)], dtypes[2] = {dtype, dtype};
  int64_t dims[OB_MAX_RANK];
  int32_t rank;
  int in[2];
  operands(rig, random, dtypes, 2, 0, 3, in, &rank, dims);
  const int y = ob_agree_output(rig, OB_BOOL, rank, dims);
  ob_rig_node(rig, ops[ob_pick(random, 0, 4)], in, 2, &y, 1);
}

static void where(ob_rig_t *rig, ob_random_t *random) {
  static const ob_dtype_t all[] = {OB_FLOAT32, OB_INT64, OB_UINT8, OB_BFLOAT16, OB_BOOL};
  const ob_dtype_t dtype = all[ob_pick(random, 0, 4)], dtypes[3] = {OB_BOOL, dtype, dtype};
  int64_t dims[OB_MAX_RANK];
  int32_t rank;
  int in[3];
  operands(rig, random, dtypes, 3, 0, 1, in, &rank, dims);
  const int y = ob_agree_output(rig, dtype, rank, dims);
  ob_rig_node(rig, "Where", in, 3, &y, 1);
}

static void bits(ob_rig_t *rig, ob_random_t *random) {
  static const char *const ops[] = {"And", "Or", "Xor", "BitwiseAnd", "BitwiseOr", "BitwiseXor", "BitShift"};
  const int64_t n = ob_pick(random, 0, 6);
  static const ob_dtype_t shifted[] = {OB_INT8, OB_INT16, OB_INT32, OB_INT64, OB_UINT8, OB_UINT16, OB_UINT32, OB_UINT64};
  const ob_dtype_t dtype = n < 3 ? OB_BOOL : n < 6 ? OB_INT32 : shifted[ob_pick(random, 0, 7)], dtypes[2] = {dtype, dtype};
  const bool is_signed = n == 6 && dtype != OB_UINT8 && dtype != OB_UINT16 && dtype != OB_UINT32 && dtype != OB_UINT64;
  int64_t dims[OB_MAX_RANK];
  int32_t rank;
  int in[2];
  operands(rig, random, dtypes, 2, is_signed ? -9 : 0, n < 3 ? 1 : 70, in, &rank, dims);
  const int y = ob_agree_output(rig, dtype, rank, dims);
  ob_rig_node(rig, ops[n], in, 2, &y, 1);
  if (n == 6) ob_rig_string(rig, "direction", ob_pick(random, 0, 1) ? "LEFT" : "RIGHT");
}

static void clip(ob_rig_t *rig, ob_random_t *random) {
  const ob_dtype_t dtype = ob_pick(random, 0, 1) ? OB_FLOAT32 : OB_INT32;
  int64_t dims[OB_MAX_RANK];
  int32_t rank;
  shape_of(random, &rank, dims);
  const int x = ob_agree_data(rig, random, dtype, rank, dims, -9, 9), y = ob_agree_output(rig, dtype, rank, dims);
  const int low = ob_pick(random, 0, 2) ? ob_agree_data(rig, random, dtype, OB_SCALAR, -5, 1) : OB_LEFT_OUT;
  const int high = ob_pick(random, 0, 2) ? ob_agree_data(rig, random, dtype, OB_SCALAR, 0, 5) : OB_LEFT_OUT;
  ob_rig_node(rig, "Clip", OB_LIST(x, low, high), OB_LIST(y));
}

static void cast(ob_rig_t *rig, ob_random_t *random) {
  static const ob_dtype_t all[] = {OB_FLOAT32, OB_FLOAT64, OB_FLOAT16, OB_BFLOAT16, OB_INT8, OB_INT32, OB_INT64, OB_UINT8, OB_UINT64, OB_BOOL};
  const ob_dtype_t from = all[ob_pick(random, 0, 9)], to = all[ob_pick(random, 0, 9)];
  int64_t dims[OB_MAX_RANK];
  int32_t rank;
  shape_of(random, &rank, dims);
  const bool wide = from == OB_FLOAT32 || from == OB_FLOAT64;
  const int x = ob_agree_data(rig, random, from, rank, dims, wide ? -3e9 : 0, wide ? 3e9 : 100), y = ob_agree_output(rig, to, rank, dims);
  ob_rig_node(rig, "Cast", OB_LIST(x), OB_LIST(y));
  ob_rig_int(rig, "to", to);
  ob_rig_int(rig, "saturate", 1);
}

/* Of the second operand only the type counts: its shape has nothing to do with the output's. */
static void cast_like(ob_rig_t *rig, ob_random_t *random) {
  const bool same = ob_pick(random, 0, 1) != 0;
  int64_t dims[OB_MAX_RANK], other[OB_MAX_RANK];
  int32_t rank;
  shape_of(random, &rank, dims);
  const int32_t other_rank = ob_random_dims(random, 0, 5, 5, false, other);
  const int x = ob_agree_data(rig, random, OB_FLOAT32, rank, dims, -9, 9);
  const int like = ob_agree_data(rig, random, same ? OB_FLOAT32 : OB_INT32, other_rank, other, 0, 9);
  const int y = ob_agree_output(rig, same ? OB_FLOAT32 : OB_INT32, rank, dims);
  ob_rig_node(rig, "CastLike", OB_LIST(x, like), OB_LIST(y));
  ob_rig_int(rig, "saturate", 1);
}

static void quantize(ob_rig_t *rig, ob_random_t *random) {
  static const ob_dtype_t all[] = {OB_UINT8, OB_INT8, OB_UINT16, OB_INT16};
  const ob_dtype_t to = all[ob_pick(random, 0, 3)];
  int64_t dims[OB_MAX_RANK];
  const int32_t rank = ob_random_dims(random, 1, 4, 9, true, dims), axis = (int32_t)ob_pick(random, 0, rank - 1);
  const bool single = ob_pick(random, 0, 1) != 0, back = ob_pick(random, 0, 1) != 0;
  const int64_t one = dims[axis];
  const int x = ob_agree_data(rig, random, back ? to : OB_FLOAT32, rank, dims, back ? 0 : -300, back ? 100 : 300);
  const int s = ob_agree_data(rig, random, OB_FLOAT32, single ? 0 : 1, &one, 0.3, 2);
  const int z = ob_pick(random, 0, 1) || to != OB_UINT8 ? ob_agree_data(rig, random, to, single ? 0 : 1, &one, 0, 20) : OB_LEFT_OUT;
  const int y = ob_agree_output(rig, back ? OB_FLOAT32 : to, rank, dims);
  ob_rig_node(rig, back ? "DequantizeLinear" : "QuantizeLinear", OB_LIST(x, s, z), OB_LIST(y));
  ob_rig_int(rig, "axis", axis);
  ob_rig_int(rig, "block_size", 0);
  if (!back) ob_rig_int(rig, "saturate", 1);
}

static void batch_norm(ob_rig_t *rig, ob_random_t *random) {
  int64_t dims[OB_MAX_RANK];
  const int32_t rank = ob_random_dims(random, 2, 4, 12, false, dims);
  const int x = ob_agree_data(rig, random, OB_FLOAT32, rank, dims, -3, 3), y = ob_agree_output(rig, OB_FLOAT32, rank, dims);
  int p[4];
  for (int i = 0; i < 4; i++) p[i] = ob_agree_data(rig, random, OB_FLOAT32, OB_DIMS(dims[1]), i == 3 ? 0.2 : -1, 2);
  ob_rig_node(rig, "BatchNormalization", OB_LIST(x, p[0], p[1], p[2], p[3]), OB_LIST(y));
  ob_rig_float(rig, "epsilon", 1e-3f);
  ob_rig_int(rig, "training_mode", 0);
}

OB_AGREES(unary, 200, 1e-6)
OB_AGREES(numeric, 200, 3e-7)
OB_AGREES(compare, 60, 0)
OB_AGREES(where, 60, 0)
OB_AGREES(bits, 60, 0)
OB_AGREES(clip, 60, 0)
OB_AGREES(cast, 120, 0)
OB_AGREES(cast_like, 60, 0)
OB_AGREES(quantize, 80, 1e-6)
OB_AGREES(batch_norm, 40, 2e-6)

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(unary_agrees), cmocka_unit_test(numeric_agrees), cmocka_unit_test(compare_agrees),
                                     cmocka_unit_test(where_agrees), cmocka_unit_test(bits_agrees),    cmocka_unit_test(clip_agrees),
                                     cmocka_unit_test(cast_agrees),  cmocka_unit_test(cast_like_agrees), cmocka_unit_test(quantize_agrees), cmocka_unit_test(batch_norm_agrees)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
