/* Element types: sizes, names, and every bit pattern of the small floats. */
#include "base/dtype.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void names_and_sizes(void **state) {
  (void)state;
  for (int i = 1; i < OB_DTYPE_COUNT; i++) {
    assert_int_equal(ob_dtype_from_name(ob_dtype_name((ob_dtype_t)i)), i);
    assert_true(ob_dtype_bits((ob_dtype_t)i) > 0);
  }
  assert_string_equal(ob_dtype_name((ob_dtype_t)77), "undefined");
  assert_int_equal(ob_dtype_from_name("float33"), OB_UNDEFINED);
  assert_int_equal(ob_dtype_bytes(OB_INT4, 3), 2);
  assert_int_equal(ob_dtype_bytes(OB_UINT2, 5), 2);
  assert_int_equal(ob_dtype_bytes(OB_COMPLEX128, 3), 48);
  size_t bytes;
  assert_false(ob_tensor_bytes(OB_FLOAT32, 2, (int64_t[]){INT64_C(1) << 40, INT64_C(1) << 40}, &bytes));
  assert_false(ob_tensor_bytes(OB_FLOAT32, 1, (int64_t[]){-1}, &bytes));
  assert_true(ob_tensor_bytes(OB_FLOAT32, 3, (int64_t[]){INT64_C(1) << 62, 0, INT64_C(1) << 62}, &bytes));
  assert_int_equal(bytes, 0);
}

static void float16_round_trip(void **state) {
  (void)state;
  for (uint32_t bits = 0; bits < 65536; bits++) {
    float value = ob_f16_to_f32((uint16_t)bits);
    if (isnan(value)) {
      assert_true(isnan(ob_f16_to_f32(ob_f32_to_f16(value))));
      continue;
    }
    assert_int_equal(ob_f32_to_f16(value), bits);
    assert_int_equal(ob_f32_to_bf16(ob_bf16_to_f32((uint16_t)bits)) == bits || isnan(ob_bf16_to_f32((uint16_t)bits)), 1);
  }
  assert_int_equal(ob_f32_to_f16(65519.996f), 0x7bff);
  assert_int_equal(ob_f32_to_f16(65520), 0x7c00);
  assert_int_equal(ob_f32_to_f16(1.0f + 0x1p-11f), 0x3c00);              /* a tie goes to even */
  assert_int_equal(ob_f32_to_f16(1.0f + 0x1p-11f + 0x1p-20f), 0x3c01);
  assert_int_equal(ob_f32_to_f16(-0x1p-25f), 0x8000);
  assert_int_equal(ob_f32_to_bf16(1.0f + 0x1p-8f), 0x3f80);
  assert_int_equal(ob_f32_to_bf16(1.0f + 0x3p-8f), 0x3f82);
}

static void small_floats_round_trip(void **state) {
  (void)state;
  static const struct {
    ob_dtype_t dtype;
    int codes;
    float largest;
  } kinds[] = {{OB_FLOAT8E4M3FN, 256, 448}, {OB_FLOAT8E4M3FNUZ, 256, 240}, {OB_FLOAT8E5M2, 256, 57344}, {OB_FLOAT8E5M2FNUZ, 256, 57344},
               {OB_FLOAT8E8M0, 256, 0x1p127f}, {OB_FLOAT6E2M3, 64, 7.5f},  {OB_FLOAT6E3M2, 64, 28},      {OB_FLOAT4E2M1, 16, 6}};
  for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
    float largest = 0;
    for (int code = 0; code < kinds[k].codes; code++) {
      float value = ob_minifloat_to_f32(kinds[k].dtype, (uint8_t)code);
      if (isnan(value)) {
        assert_true(isnan(ob_minifloat_to_f32(kinds[k].dtype, ob_f32_to_minifloat(kinds[k].dtype, value, true))));
      } else if (isinf(value)) {
        assert_int_equal(ob_f32_to_minifloat(kinds[k].dtype, value, false), code);
      } else {
        assert_int_equal(ob_f32_to_minifloat(kinds[k].dtype, value, true), code);
        if (value > largest) largest = value;
      }
    }
    assert_true(largest == kinds[k].largest);
    assert_true(ob_minifloat_to_f32(kinds[k].dtype, ob_f32_to_minifloat(kinds[k].dtype, INFINITY, true)) == largest);
  }
}

static void small_floats_round_to_nearest_even(void **state) {
  (void)state;
  assert_int_equal(ob_f32_to_minifloat(OB_FLOAT8E4M3FN, 1.0625f, true), 0x38); /* between 1 and 1.125: even is 1 */
  assert_int_equal(ob_f32_to_minifloat(OB_FLOAT8E4M3FN, 1.1875f, true), 0x3a);
  assert_int_equal(ob_f32_to_minifloat(OB_FLOAT8E4M3FN, 460, false), 0x7e); /* nearer to 448 than to 480 */
  assert_int_equal(ob_f32_to_minifloat(OB_FLOAT8E4M3FN, 500, false), 0x7f);
  assert_int_equal(ob_f32_to_minifloat(OB_FLOAT8E5M2, 70000, false), 0x7c);
  assert_int_equal(ob_f32_to_minifloat(OB_FLOAT8E5M2, 70000, true), 0x7b);
  assert_int_equal(ob_f32_to_minifloat(OB_FLOAT8E4M3FNUZ, -0.0f, true), 0);
  assert_int_equal(ob_f32_to_minifloat(OB_FLOAT4E2M1, 2.5f, true), 4);
}

static void packed_integers(void **state) {
  (void)state;
  uint8_t data[4] = {0};
  for (int i = 0; i < 8; i++) ob_subbyte_set(OB_INT4, data, (size_t)i, i - 4);
  for (int i = 0; i < 8; i++) assert_int_equal(ob_subbyte_get(OB_INT4, data, (size_t)i), i - 4);
  assert_int_equal(data[0], 0xdc); /* -4 low, -3 high */
  ob_subbyte_set(OB_UINT2, data, 3, 2);
  assert_int_equal(ob_subbyte_get(OB_UINT2, data, 3), 2);
  assert_int_equal(data[0], 0x9c);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(names_and_sizes),         cmocka_unit_test(float16_round_trip),
      cmocka_unit_test(small_floats_round_trip), cmocka_unit_test(small_floats_round_to_nearest_even),
      cmocka_unit_test(packed_integers),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
