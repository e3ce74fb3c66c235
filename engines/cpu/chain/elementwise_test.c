/* Element-wise operators through the engine, on every instruction set: shapes, broadcasts, element types. */
#include <math.h>
#include <string.h>

#include "cpu/cpu.h"
#include "testing/test.h"

static const ob_engine_api_t *entry(uint32_t abi) { return ob_kit_entry(&ob_cpu_engine, abi); }

static const char *const isas[] = {"portable", "avx2", "avx512"};
#define EACH_ISA(i)                    \
  for (size_t i = 0; i < 3; i++)       \
    if (ob_cpu_isa_use(isas[i]))

/* Element of a broadcast operand at the output's flat index. */
static double broadcast_get(ob_rig_t *rig, int value, int32_t rank, const int64_t *dims, size_t flat) {
  const int32_t own = ob_rig_rank(rig, value);
  const int64_t *own_dims = ob_rig_dims(rig, value);
  size_t index = 0, stride = 1;
  for (int32_t i = rank - 1; i >= 0; i--) {
    const size_t at = flat % (size_t)dims[i];
    flat /= (size_t)dims[i];
    const int32_t mine = i - (rank - own);
    if (mine < 0) continue;
    if (own_dims[mine] != 1) index += at * stride;
    stride *= (size_t)own_dims[mine];
  }
  return ob_element_get(ob_rig_dtype(rig, value), ob_rig_data(rig, value), index);
}

static double apply(const char *op, double a, double b) {
  if (op[0] == 'A') return a + b;
  if (op[0] == 'S') return a - b;
  if (op[0] == 'M' && op[1] == 'u') return a * b;
  if (op[0] == 'M' && op[1] == 'a') return fmax(a, b);
  if (op[0] == 'L') return a < b;
  return a == b;
}

static void one_binary(ob_random_t *random, const char *op, ob_dtype_t dtype, int max_dim) {
  int64_t dims[OB_MAX_RANK], a_dims[OB_MAX_RANK], b_dims[OB_MAX_RANK];
  const int32_t rank = ob_random_dims(random, 0, 4, max_dim, true, dims);
  const bool a_full = ob_random_int(random, 0, 1) != 0;
  int32_t a_rank = rank, b_rank = rank;
  memcpy(a_dims, dims, sizeof dims);
  memcpy(b_dims, dims, sizeof dims);
  if (a_full)
    b_rank = ob_random_broadcast(random, rank, dims, b_dims);
  else
    a_rank = ob_random_broadcast(random, rank, dims, a_dims);
  ob_rig_t *rig = ob_rig_open_entry(entry);
  const int a = ob_rig_input(rig, dtype, a_rank, a_dims, NULL), b = ob_rig_input(rig, dtype, b_rank, b_dims, NULL);
  const bool is_bool = op[0] == 'L' || op[0] == 'E';
  const int y = ob_rig_output(rig, is_bool ? OB_BOOL : dtype, rank, dims);
  ob_random_fill(random, dtype, ob_rig_data(rig, a), ob_rig_count(rig, a), is_bool ? 0 : -20, 9, 0);
  ob_random_fill(random, dtype, ob_rig_data(rig, b), ob_rig_count(rig, b), is_bool ? 0 : -5, 6, 0);
  ob_rig_node(rig, op, OB_LIST(a, b), OB_LIST(y));
  ob_rig_threads(rig, (uint32_t)ob_random_int(random, 1, 3));
  assert_null(ob_rig_refusal(rig));
  const size_t count = ob_rig_count(rig, y);
  double *want = test_malloc((count + 1) * sizeof *want);
  uint8_t rounded[8];
  for (size_t i = 0; i < count; i++) {
    want[i] = apply(op, broadcast_get(rig, a, rank, dims, i), broadcast_get(rig, b, rank, dims, i));
    if (is_bool) continue;
    ob_element_set(dtype, rounded, 0, want[i]);
    want[i] = ob_element_get(dtype, rounded, 0);
  }
  assert_int_equal(ob_rig_run(rig), OB_OK);
  if (!ob_rig_expect(rig, y, want, dtype == OB_BFLOAT16 ? 0.01 : dtype == OB_FLOAT16 ? 0.002 : 1e-6)) {
    print_error("%s of %s\n", op, ob_dtype_name(dtype));
    fail();
  }
  test_free(want);
  ob_rig_close(rig);
}

static void binary_operators_broadcast(void **state) {
  static const char *const ops[] = {"Add", "Sub", "Mul", "Max", "Less", "Equal"};
  static const ob_dtype_t dtypes[] = {OB_FLOAT32, OB_FLOAT32, OB_FLOAT16, OB_BFLOAT16, OB_FLOAT64, OB_INT32, OB_INT64, OB_INT8};
  (void)state;
  EACH_ISA(i) {
    ob_random_t random = {11 + i};
    for (int round = 0; round < 200; round++) {
      const char *op = ops[ob_random_int(&random, 0, 5)];
      one_binary(&random, op, dtypes[ob_random_int(&random, 0, 7)], round % 4 == 0 ? 40 : round % 4 == 1 ? 3 : 9);
    }
  }
}

static void chains_are_wide_and_long(void **state) {
  (void)state;
  EACH_ISA(i) {
    ob_random_t random = {5};
    for (int64_t n = 100; n < 90000; n = n * 3 + 1) {
      ob_rig_t *rig = ob_rig_open_entry(entry);
      const int x = ob_rig_input(rig, OB_FLOAT32, OB_DIMS(2, n), NULL), y = ob_rig_output(rig, OB_FLOAT32, OB_DIMS(2, n));
      float *data = ob_rig_data(rig, x);
      ob_random_fill(&random, OB_FLOAT32, data, ob_rig_count(rig, x), -4, 4, OB_RANDOM_NAN | OB_RANDOM_INFINITY);
      ob_rig_node(rig, "Relu", OB_LIST(x), OB_LIST(y));
      ob_rig_threads(rig, 2);
      ob_rig_in_place(rig, n % 2 == 0);
      double *want = test_malloc(ob_rig_count(rig, x) * sizeof *want);
      for (size_t k = 0; k < ob_rig_count(rig, x); k++) want[k] = data[k] < 0 ? 0 : (double)data[k];
      assert_int_equal(ob_rig_run(rig), OB_OK);
      assert_true(ob_rig_expect(rig, y, want, 0));
      test_free(want);
      ob_rig_close(rig);
    }
  }
}

/* A node with its inputs and what must come out, all in one shape. */
static void expect_same_shape(const char *op, ob_dtype_t from, ob_dtype_t to, const double *x, const double *want, int64_t n) {
  ob_rig_t *rig = ob_rig_open_entry(entry);
  const int in = ob_rig_input(rig, from, OB_DIMS(n), x), out = ob_rig_output(rig, to, OB_DIMS(n));
  ob_rig_node(rig, op, OB_LIST(in), OB_LIST(out));
  assert_null(ob_rig_refusal(rig));
  assert_int_equal(ob_rig_run(rig), OB_OK);
  if (!ob_rig_expect(rig, out, want, 0)) {
    print_error("%s from %s to %s\n", op, ob_dtype_name(from), ob_dtype_name(to));
    fail();
  }
  ob_rig_close(rig);
}

static void casts_convert(void **state) {
  static const ob_dtype_t dtypes[] = {OB_FLOAT32, OB_FLOAT64, OB_FLOAT16, OB_BFLOAT16, OB_INT8,   OB_INT16, OB_INT32,
                                      OB_INT64,   OB_UINT8,   OB_UINT16,  OB_UINT32,   OB_UINT64, OB_BOOL};
  const double x[] = {0, 1, 1, 100, 3, 0, 7, 64, 5}, ones[] = {0, 1, 1, 1, 1, 0, 1, 1, 1};
  (void)state;
  for (size_t a = 0; a < 13; a++)
    for (size_t b = 0; b < 13; b++)
      expect_same_shape("Cast", dtypes[a], dtypes[b], dtypes[a] == OB_BOOL ? ones : x,
                        dtypes[a] == OB_BOOL || dtypes[b] == OB_BOOL ? ones : x, 9);
  expect_same_shape("Cast", OB_FLOAT32, OB_INT32, OB_VALUES(-1.9, 1.9, -0.5, 1e9), OB_VALUES(-1, 1, 0, 1e9), 4);
}

static void unary_operators_of_integers(void **state) {
  (void)state;
  expect_same_shape("Abs", OB_INT8, OB_INT8, OB_VALUES(-3, 3, -128), OB_VALUES(3, 3, -128), 3);
  expect_same_shape("Neg", OB_INT64, OB_INT64, OB_VALUES(-3, 3, 0), OB_VALUES(3, -3, 0), 3);
  expect_same_shape("Sign", OB_INT32, OB_INT32, OB_VALUES(-3, 3, 0), OB_VALUES(-1, 1, 0), 3);
  expect_same_shape("Not", OB_BOOL, OB_BOOL, OB_VALUES(1, 0, 1), OB_VALUES(0, 1, 0), 3);
  expect_same_shape("IsNaN", OB_FLOAT32, OB_BOOL, OB_VALUES(1, NAN, INFINITY), OB_VALUES(0, 1, 0), 3);
  expect_same_shape("IsInf", OB_FLOAT16, OB_BOOL, OB_VALUES(1, NAN, -INFINITY), OB_VALUES(0, 0, 1), 3);
}

static void integer_division_by_zero_is_an_error(void **state) {
  (void)state;
  ob_rig_t *rig = ob_rig_open_entry(entry);
  const int a = ob_rig_input(rig, OB_INT32, OB_DIMS(3), OB_VALUES(7, -7, INT32_MIN));
  const int b = ob_rig_input(rig, OB_INT32, OB_DIMS(3), OB_VALUES(2, 2, -1));
  const int y = ob_rig_output(rig, OB_INT32, OB_DIMS(3));
  ob_rig_node(rig, "Div", OB_LIST(a, b), OB_LIST(y));
  assert_int_equal(ob_rig_run(rig), OB_OK);
  assert_true(ob_rig_expect(rig, y, OB_VALUES(3, -3, INT32_MIN), 0));
  ((int32_t *)ob_rig_data(rig, b))[1] = 0;
  assert_int_equal(ob_rig_run(rig), OB_OUT_OF_RANGE);
  ob_rig_close(rig);
}

static void quantises_by_channel(void **state) {
  (void)state;
  EACH_ISA(i) {
    ob_rig_t *rig = ob_rig_open_entry(entry);
    const int x = ob_rig_input(rig, OB_FLOAT32, OB_DIMS(1, 2, 3), OB_VALUES(0.5, 1.5, -300, 2, NAN, 1000));
    const int s = ob_rig_constant(rig, OB_FLOAT32, OB_DIMS(2), OB_VALUES(1, 4)), z = ob_rig_constant(rig, OB_INT8, OB_DIMS(2), OB_VALUES(10, -3));
    const int q = ob_rig_output(rig, OB_INT8, OB_DIMS(1, 2, 3)), y = ob_rig_output(rig, OB_FLOAT32, OB_DIMS(1, 2, 3));
    ob_rig_node(rig, "QuantizeLinear", OB_LIST(x, s, z), OB_LIST(q));
    ob_rig_int(rig, "axis", 1);
    ob_rig_node(rig, "DequantizeLinear", OB_LIST(q, s, z), OB_LIST(y));
    ob_rig_int(rig, "axis", -2);
    assert_null(ob_rig_refusal(rig));
    assert_int_equal(ob_rig_run(rig), OB_OK);
    assert_true(ob_rig_expect(rig, q, OB_VALUES(10, 12, -128, -3, -128, 127), 0));
    assert_true(ob_rig_expect(rig, y, OB_VALUES(0, 2, -138, 0, -500, 520), 0));
    ob_rig_close(rig);
  }
}

static void batch_normalises(void **state) {
  (void)state;
  for (int constant = 0; constant < 2; constant++) {
    ob_rig_t *rig = ob_rig_open_entry(entry);
    int p[4];
    const double numbers[4][2] = {{1, 2}, {0.5, -1}, {3, 4}, {4, 0.25}};
    const int x = ob_rig_input(rig, OB_FLOAT32, OB_DIMS(1, 2, 2), OB_VALUES(3, 7, 4, 5)), y = ob_rig_output(rig, OB_FLOAT32, OB_DIMS(1, 2, 2));
    for (int i = 0; i < 4; i++)
      p[i] = constant ? ob_rig_constant(rig, OB_FLOAT32, OB_DIMS(2), numbers[i]) : ob_rig_input(rig, OB_FLOAT32, OB_DIMS(2), numbers[i]);
    ob_rig_node(rig, "BatchNormalization", OB_LIST(x, p[0], p[1], p[2], p[3]), OB_LIST(y));
    ob_rig_float(rig, "epsilon", 0);
    assert_int_equal(ob_rig_run(rig), OB_OK);
    assert_true(ob_rig_expect(rig, y, OB_VALUES(0.5, 2.5, -1, 3), 1e-6));
    ob_rig_close(rig);
  }
}

static void says_what_it_does_not_take(void **state) {
  (void)state;
  ob_rig_t *rig = ob_rig_open_entry(entry);
  const int x = ob_rig_input(rig, OB_FLOAT64, OB_DIMS(1), OB_VALUES(1)), y = ob_rig_output(rig, OB_FLOAT64, OB_DIMS(1));
  ob_rig_node(rig, "Tanh", OB_LIST(x), OB_LIST(y));
  assert_non_null(strstr(ob_rig_refusal(rig), "Tanh: no kernel for float64"));
  ob_rig_close(rig);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(binary_operators_broadcast), cmocka_unit_test(chains_are_wide_and_long),
      cmocka_unit_test(casts_convert),              cmocka_unit_test(unary_operators_of_integers),
      cmocka_unit_test(integer_division_by_zero_is_an_error), cmocka_unit_test(quantises_by_channel),
      cmocka_unit_test(batch_normalises),           cmocka_unit_test(says_what_it_does_not_take),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
