/* ref where the node tests of the onnx package are thin: errors at run time, wrap-around, small types, hostile numbers. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/dtype.h"
#include "testing/test.h"

#define F32(...) OB_FLOAT32, OB_DIMS(__VA_ARGS__)
#define I32(...) OB_INT32, OB_DIMS(__VA_ARGS__)
#define I64(...) OB_INT64, OB_DIMS(__VA_ARGS__)

/* Runs `rig` and expects a failure with all of the words. */
static void fails(ob_rig_t *rig, ob_status_t status, const char *const *words) {
  ob_status_t got = ob_rig_run(rig);
  if (got != status) fail_msg("status %d: %s", (int)got, ob_rig_message(rig));
  for (; *words; words++)
    if (!strstr(ob_rig_message(rig), *words)) fail_msg("'%s' is not in: %s", *words, ob_rig_message(rig));
  ob_rig_close(rig);
}
#define FAILS(rig, status, ...) fails((rig), (status), (const char *const[]){__VA_ARGS__, NULL})

static ob_rig_t *binary(const char *op, ob_dtype_t dtype, double a, double b, int *y) {
  ob_rig_t *rig = ob_rig_open("ref");
  int x = ob_rig_input(rig, dtype, OB_DIMS(1), &a), z = ob_rig_input(rig, dtype, OB_DIMS(1), &b);
  *y = ob_rig_output(rig, dtype, OB_DIMS(1));
  ob_rig_node(rig, op, OB_LIST(x, z), OB_LIST(*y));
  return rig;
}

static void division_that_traps_is_an_error(void **state) {
  (void)state;
  int y;
  FAILS(binary("Div", OB_INT32, 7, 0, &y), OB_OUT_OF_RANGE, "n0", "Div", "7 divided by 0");
  FAILS(binary("Div", OB_UINT8, 1, 0, &y), OB_OUT_OF_RANGE, "divided by 0");
  FAILS(binary("Mod", OB_INT64, 5, 0, &y), OB_OUT_OF_RANGE, "5 modulo 0");
  ob_rig_t *rig = binary("Mod", OB_INT32, INT32_MIN, -1, &y); /* 0, though the hardware would trap */
  assert_int_equal(ob_rig_run(rig), OB_OK);
  assert_true(ob_rig_expect(rig, y, OB_VALUES(0), 0));
  ob_rig_close(rig);
}

static void integers_wrap_around(void **state) {
  (void)state;
  const struct {
    const char *op;
    ob_dtype_t dtype;
    double a, b, want;
  } cases[] = {{"Add", OB_INT8, 127, 1, -128},          {"Add", OB_UINT8, 255, 1, 0},      {"Sub", OB_UINT16, 0, 1, 65535},
               {"Mul", OB_INT16, 256, 256, 0},          {"Mul", OB_INT32, 65536, 65536, 0}, {"Pow", OB_INT32, 3, 4, 81},
               {"Pow", OB_INT32, 2, -1, 0},             {"Pow", OB_INT64, -1, -3, -1},      {"Max", OB_UINT64, 0x1p63, 1, 0x1p63},
               {"Min", OB_UINT64, 0x1p63, 1, 1},        {"Mod", OB_INT32, -7, 3, 2},        {"Div", OB_INT32, -7, 2, -3},
               {"Div", OB_INT32, INT32_MIN, -1, INT32_MIN}, {"Div", OB_INT8, -128, -1, -128}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    int y;
    ob_rig_t *rig = binary(cases[i].op, cases[i].dtype, cases[i].a, cases[i].b, &y);
    assert_int_equal(ob_rig_run(rig), OB_OK);
    assert_true(ob_rig_expect(rig, y, &cases[i].want, 0));
    ob_rig_close(rig);
  }
}

static void bad_indices_are_errors(void **state) {
  (void)state;
  ob_rig_t *rig = ob_rig_open("ref");
  int x = ob_rig_input(rig, F32(2, 3), NULL), i = ob_rig_input(rig, I64(2), OB_VALUES(0, 3)), y = ob_rig_output(rig, F32(2, 2));
  ob_rig_node(rig, "Gather", OB_LIST(x, i), OB_LIST(y));
  ob_rig_int(rig, "axis", 1);
  FAILS(rig, OB_OUT_OF_RANGE, "n0 (Gather)", "index 3", "axis 1", "3 elements");

  rig = ob_rig_open("ref");
  x = ob_rig_input(rig, F32(4), NULL), i = ob_rig_input(rig, I64(1, 1), OB_VALUES(-5));
  int u = ob_rig_input(rig, F32(1), NULL);
  y = ob_rig_output(rig, F32(4));
  ob_rig_node(rig, "ScatterND", OB_LIST(x, i, u), OB_LIST(y));
  FAILS(rig, OB_OUT_OF_RANGE, "index -5");

  rig = ob_rig_open("ref");
  x = ob_rig_input(rig, F32(1, 2, 3), NULL);
  int w = ob_rig_input(rig, F32(1, 4, 3), NULL), r = ob_rig_input(rig, F32(1, 4, 1), NULL), length = ob_rig_input(rig, I32(2), OB_VALUES(1, 2));
  y = ob_rig_output(rig, F32(1, 1, 2, 1));
  ob_rig_node(rig, "LSTM", OB_LIST(x, w, r, OB_LEFT_OUT, length), OB_LIST(y));
  FAILS(rig, OB_OUT_OF_RANGE, "sequence length 2", "batch element 1");
}

static void shapes_that_do_not_fit_are_errors(void **state) {
  (void)state;
  ob_rig_t *rig = ob_rig_open("ref");
  int a = ob_rig_input(rig, F32(2, 3), NULL), b = ob_rig_input(rig, F32(4, 2), NULL), y = ob_rig_output(rig, F32(2, 2));
  ob_rig_node(rig, "MatMul", OB_LIST(a, b), OB_LIST(y));
  FAILS(rig, OB_INVALID_ARGUMENT, "n0 (MatMul)", "3", "4");

  rig = ob_rig_open("ref");
  a = ob_rig_input(rig, F32(2, 3), NULL), b = ob_rig_input(rig, F32(2, 2), NULL), y = ob_rig_output(rig, F32(2, 3));
  ob_rig_node(rig, "Add", OB_LIST(a, b), OB_LIST(y));
  FAILS(rig, OB_INVALID_ARGUMENT, "broadcast");

  rig = ob_rig_open("ref"); /* bind was told another size than the data says */
  a = ob_rig_input(rig, F32(5), NULL);
  int s = ob_rig_input(rig, I64(1), OB_VALUES(1)), e = ob_rig_input(rig, I64(1), OB_VALUES(4));
  y = ob_rig_output(rig, F32(2));
  ob_rig_node(rig, "Slice", OB_LIST(a, s, e), OB_LIST(y));
  FAILS(rig, OB_INTERNAL, "n0 (Slice)", "axis 0");
}

/* float16 results are float32 results rounded once. */
static void half_floats_round_once(void **state) {
  (void)state;
  const char *ops[] = {"Add", "Sub", "Mul", "Div", "Max", "Min"};
  ob_random_t random = {3};
  for (size_t o = 0; o < sizeof ops / sizeof *ops; o++)
    for (int kind = 0; kind < 2; kind++) {
      ob_dtype_t dtype = kind ? OB_BFLOAT16 : OB_FLOAT16;
      ob_rig_t *rig = ob_rig_open("ref");
      int a = ob_rig_input(rig, dtype, OB_DIMS(500), NULL), b = ob_rig_input(rig, dtype, OB_DIMS(500), NULL), y = ob_rig_output(rig, dtype, OB_DIMS(500));
      ob_random_fill(&random, dtype, ob_rig_data(rig, a), 500, -100, 100, OB_RANDOM_NAN | OB_RANDOM_INFINITY | OB_RANDOM_DENORMAL | OB_RANDOM_LIMITS);
      ob_random_fill(&random, dtype, ob_rig_data(rig, b), 500, -100, 100, OB_RANDOM_ZERO | OB_RANDOM_INFINITY | OB_RANDOM_LIMITS);
      ob_rig_node(rig, ops[o], OB_LIST(a, b), OB_LIST(y));
      assert_int_equal(ob_rig_run(rig), OB_OK);
      for (size_t i = 0; i < 500; i++) {
        float p = (float)ob_element_get(dtype, ob_rig_data(rig, a), i), q = (float)ob_element_get(dtype, ob_rig_data(rig, b), i);
        float want = o == 0 ? p + q : o == 1 ? p - q : o == 2 ? p * q : o == 3 ? p / q : isnan(p) ? p : o == 4 ? fmaxf(p, q) : fminf(p, q);
        uint16_t bits = kind ? ob_f32_to_bf16(want) : ob_f32_to_f16(want), room[1] = {bits};
        assert_int_equal(ob_ulp(dtype, (const uint16_t *)ob_rig_data(rig, y) + i, room, 0), 0);
      }
      ob_rig_close(rig);
    }
}

static void packed_types_move(void **state) {
  (void)state;
  const ob_dtype_t types[] = {OB_INT4, OB_UINT4, OB_INT2, OB_UINT2, OB_FLOAT4E2M1, OB_FLOAT8E5M2, OB_BOOL, OB_BFLOAT16};
  for (size_t t = 0; t < sizeof types / sizeof *types; t++) {
    ob_rig_t *rig = ob_rig_open("ref");
    int x = ob_rig_input(rig, types[t], OB_DIMS(3, 3), OB_VALUES(0, 1, 1, 1, 0, 0, 0, 1, 0)), y = ob_rig_output(rig, types[t], OB_DIMS(3, 3));
    ob_rig_node(rig, "Transpose", OB_LIST(x), OB_LIST(y));
    assert_int_equal(ob_rig_run(rig), OB_OK);
    assert_true(ob_rig_expect(rig, y, OB_VALUES(0, 1, 0, 1, 0, 1, 1, 0, 0), 0));
    ob_rig_close(rig);
  }
}

static void slices_backwards_and_far_out(void **state) {
  (void)state;
  const struct {
    double start, end, step;
    int64_t count;
    double want[5];
  } cases[] = {{0, 1e18, 1, 5, {0, 1, 2, 3, 4}},  {-2, 1e18, 1, 2, {3, 4}},        {1e18, -1e18, -1, 5, {4, 3, 2, 1, 0}},
               {3, 0, -2, 2, {3, 1}},             {4, 2, 1, 0, {0}},               {-1e18, 1e18, 3, 2, {0, 3}},
               {0, 5, 1e18, 1, {0}},              {4, -1e18, -1e18, 1, {4}},       {1, 1, 1, 0, {0}}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    ob_rig_t *rig = ob_rig_open("ref");
    int x = ob_rig_input(rig, F32(5), OB_VALUES(0, 1, 2, 3, 4)), s = ob_rig_input(rig, I64(1), &cases[i].start);
    int e = ob_rig_input(rig, I64(1), &cases[i].end), a = ob_rig_input(rig, I64(1), OB_VALUES(0)), p = ob_rig_input(rig, I64(1), &cases[i].step);
    int y = ob_rig_output(rig, OB_FLOAT32, 1, &cases[i].count);
    ob_rig_node(rig, "Slice", OB_LIST(x, s, e, a, p), OB_LIST(y));
    if (ob_rig_run(rig) != OB_OK) fail_msg("case %zu: %s", i, ob_rig_message(rig));
    assert_true(ob_rig_expect(rig, y, cases[i].want, 0));
    ob_rig_close(rig);
  }
}

/* NaN, infinities and limits in every input: whatever comes out, nothing outside of the buffers is touched (the rig looks). */
static void hostile_numbers_stay_inside(void **state) {
  (void)state;
  ob_random_t random = {7};
  const unsigned all = OB_RANDOM_NAN | OB_RANDOM_INFINITY | OB_RANDOM_DENORMAL | OB_RANDOM_LIMITS | OB_RANDOM_ZERO;
  for (int round = 0; round < 200; round++) {
    ob_rig_t *rig = ob_rig_open("ref");
    int x = ob_rig_input(rig, F32(1, 2, 5, 5), NULL), other = 0, y = 0;
    switch (round % 5) {
      case 0:
        other = ob_rig_input(rig, F32(1, 4, 4, 2), NULL), y = ob_rig_output(rig, F32(1, 2, 4, 4));
        ob_rig_node(rig, "GridSample", OB_LIST(x, other), OB_LIST(y));
        ob_rig_string(rig, "mode", round % 3 == 0 ? "nearest" : round % 3 == 1 ? "linear" : "cubic");
        ob_rig_string(rig, "padding_mode", round % 2 ? "reflection" : round % 4 ? "border" : "zeros");
        break;
      case 1:
        other = ob_rig_input(rig, F32(4), NULL), y = ob_rig_output(rig, F32(1, 2, 3, 7));
        ob_rig_node(rig, "Resize", OB_LIST(x, OB_LEFT_OUT, other), OB_LIST(y));
        ob_rig_string(rig, "mode", round % 2 ? "linear" : "nearest");
        break;
      case 2:
        other = ob_rig_input(rig, F32(2, 4), NULL), y = ob_rig_output(rig, F32(2, 2, 2, 2));
        int batch = ob_rig_input(rig, I64(2), OB_VALUES(0, 0));
        ob_rig_node(rig, "RoiAlign", OB_LIST(x, other, batch), OB_LIST(y));
        ob_rig_int(rig, "output_height", 2);
        ob_rig_int(rig, "output_width", 2);
        ob_rig_int(rig, "sampling_ratio", 2);
        break;
      case 3:
        other = ob_rig_input(rig, F32(2, 2, 2, 2), NULL), y = ob_rig_output(rig, F32(1, 2, 4, 4));
        int offset = ob_rig_input(rig, F32(1, 8, 4, 4), NULL);
        ob_random_fill(&random, OB_FLOAT32, ob_rig_data(rig, offset), 128, -9, 9, all);
        ob_rig_node(rig, "DeformConv", OB_LIST(x, other, offset), OB_LIST(y));
        break;
      default:
        other = ob_rig_input(rig, F32(2, 5), NULL), y = ob_rig_output(rig, F32(2, 2, 2, 2));
        ob_rig_node(rig, "MaxRoiPool", OB_LIST(x, other), OB_LIST(y));
        ob_rig_ints(rig, "pooled_shape", OB_INTS(2, 2));
    }
    ob_random_fill(&random, OB_FLOAT32, ob_rig_data(rig, x), 50, -2, 2, all);
    ob_random_fill(&random, OB_FLOAT32, ob_rig_data(rig, other), ob_rig_count(rig, other), -2, 2, all);
    ob_status_t status = ob_rig_run(rig);
    assert_true(status == OB_OK || status == OB_OUT_OF_RANGE);
    ob_rig_close(rig);
  }
}

static void survives_failing_allocations(void **state) {
  (void)state;
  for (size_t n = 1;; n++) {
    ob_rig_t *rig = ob_rig_open("ref");
    int x = ob_rig_input(rig, F32(1, 2, 4, 4), NULL), w = ob_rig_constant(rig, F32(3, 2, 3, 3), NULL), a = ob_rig_value(rig, F32(1, 3, 2, 2));
    int b = ob_rig_value(rig, F32(1, 3, 2, 2)), y = ob_rig_output(rig, F32(1, 3, 2, 2));
    ob_rig_node(rig, "Conv", OB_LIST(x, w), OB_LIST(a));
    ob_rig_node(rig, "Relu", OB_LIST(a), OB_LIST(b));
    ob_rig_node(rig, "Softmax", OB_LIST(b), OB_LIST(y));
    ob_rig_fail_allocation(rig, n);
    ob_status_t status = ob_rig_run(rig);
    ob_rig_close(rig);
    if (status == OB_OK) return;
    assert_int_equal(status, OB_OUT_OF_MEMORY);
  }
}

/* The same numbers on one thread and on three. */
static void threads_do_not_change_results(void **state) {
  (void)state;
  ob_random_t random = {11};
  float one[5 * 36];
  for (uint32_t threads = 1; threads <= 3; threads += 2) {
    ob_rig_t *rig = ob_rig_open("ref");
    random.state = 11;
    int x = ob_rig_input(rig, F32(1, 4, 8, 8), NULL), w = ob_rig_input(rig, F32(5, 4, 3, 3), NULL), y = ob_rig_output(rig, F32(1, 5, 6, 6));
    ob_random_fill(&random, OB_FLOAT32, ob_rig_data(rig, x), 256, -1, 1, 0);
    ob_random_fill(&random, OB_FLOAT32, ob_rig_data(rig, w), 180, -1, 1, 0);
    ob_rig_node(rig, "Conv", OB_LIST(x, w), OB_LIST(y));
    ob_rig_threads(rig, threads);
    assert_int_equal(ob_rig_run(rig), OB_OK);
    if (threads == 1)
      memcpy(one, ob_rig_data(rig, y), sizeof one);
    else
      assert_memory_equal(one, ob_rig_data(rig, y), sizeof one);
    ob_rig_close(rig);
  }
}

/* Operators of the list that ref has no kernel for: those that the host runs, and kinds of values other than tensors. */
static void lacks_only_what_is_known(void **state) {
  (void)state;
  static const char *const operators[] = {
#define OB_OP(identifier, domain, name) domain, name,
#include "op/ops.def"
#undef OB_OP
  };
  static const char *const known[] = {"If", "Loop", "Scan", "SequenceMap"};
  int missing = 0;
  for (size_t i = 0; i < sizeof operators / sizeof *operators; i += 2) {
    ob_rig_t *rig = ob_rig_open("ref");
    char expected[128];
    ob_rig_node(rig, operators[i + 1], OB_NOTHING, OB_NOTHING);
    ob_rig_domain(rig, operators[i]);
    const char *refusal = ob_rig_refusal(rig);
    bool is_known = false;
    for (size_t k = 0; k < sizeof known / sizeof *known; k++) is_known = is_known || strcmp(known[k], operators[i + 1]) == 0;
    snprintf(expected, sizeof expected, "%s: ref does not have this operator", operators[i + 1]);
    if (refusal && strcmp(refusal, expected) == 0 && !is_known) {
      print_message("ref lacks %s\n", operators[i + 1]);
      missing++;
    }
    ob_rig_close(rig);
  }
  assert_int_equal(missing, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(division_that_traps_is_an_error), cmocka_unit_test(integers_wrap_around),
      cmocka_unit_test(bad_indices_are_errors),          cmocka_unit_test(shapes_that_do_not_fit_are_errors),
      cmocka_unit_test(half_floats_round_once),          cmocka_unit_test(packed_types_move),
      cmocka_unit_test(slices_backwards_and_far_out),    cmocka_unit_test(hostile_numbers_stay_inside),
      cmocka_unit_test(survives_failing_allocations),    cmocka_unit_test(threads_do_not_change_results),
      cmocka_unit_test(lacks_only_what_is_known),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
