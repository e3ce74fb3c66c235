/* Layouts: known packings, and properties of random ones (round trip, zero padding, plain order). */
#include "runtime/layout.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/checked.h"
#include "base/dtype.h"

static void nchw16c_holds_channels_in_blocks(void **state) {
  (void)state;
  ob_layout_t layout = {.rank = 4, .block_count = 1, .order = {0, 1, 2, 3}, .block_dim = {1}, .block_size = {16}};
  int64_t dims[] = {2, 20, 3, 5};
  size_t bytes;
  assert_int_equal(ob_layout_bytes(&layout, OB_FLOAT32, dims, &bytes), OB_OK);
  assert_int_equal(bytes, 2 * 32 * 3 * 5 * 4);
  float plain[2 * 20 * 3 * 5], *blocked = malloc(bytes);
  for (int i = 0; i < 2 * 20 * 3 * 5; i++) plain[i] = (float)i + 1;
  memset(blocked, 0xff, bytes);
  ob_layout_pack(&layout, OB_FLOAT32, dims, plain, blocked);
  for (int n = 0; n < 2; n++)
    for (int c = 0; c < 32; c++)
      for (int h = 0; h < 3; h++)
        for (int w = 0; w < 5; w++) {
          float got = blocked[(((n * 2 + c / 16) * 3 + h) * 5 + w) * 16 + c % 16];
          assert_true(got == (c < 20 ? plain[((n * 20 + c) * 3 + h) * 5 + w] : 0));
        }
  free(blocked);
}

static void two_blocks_of_one_dim_nest(void **state) {
  (void)state;
  /* OI4i2o2i, say: i = outer*8 + a*2 + b, lying [..][a][o2][b] */
  ob_layout_t layout = {.rank = 2, .block_count = 3, .order = {0, 1}, .block_dim = {1, 0, 1}, .block_size = {4, 2, 2}};
  int64_t dims[] = {3, 9};
  uint8_t plain[27], blocked[4 * 16];
  size_t bytes;
  assert_int_equal(ob_layout_bytes(&layout, OB_UINT8, dims, &bytes), OB_OK);
  assert_int_equal(bytes, sizeof blocked);
  for (int i = 0; i < 27; i++) plain[i] = (uint8_t)(i + 1);
  ob_layout_pack(&layout, OB_UINT8, dims, plain, blocked);
  for (int o = 0; o < 4; o++)
    for (int i = 0; i < 16; i++) {
      int place = ((((o / 2) * 2 + i / 8) * 4 + i % 8 / 2) * 2 + o % 2) * 2 + i % 2;
      assert_int_equal(blocked[place], o < 3 && i < 9 ? plain[o * 9 + i] : 0);
    }
}

static uint32_t draw(uint32_t *seed, uint32_t below) {
  *seed = *seed * 1664525u + 1013904223u;
  return (*seed >> 8) % below;
}

static void random_layout(uint32_t *seed, ob_layout_t *layout, int64_t *dims) {
  *layout = (ob_layout_t){.rank = (int32_t)draw(seed, 6)};
  for (int32_t i = 0; i < layout->rank; i++) {
    layout->order[i] = (uint8_t)i;
    dims[i] = draw(seed, 12) == 0 ? 0 : 1 + draw(seed, 9);
  }
  for (int32_t i = layout->rank - 1; i > 0; i--) {
    uint32_t j = draw(seed, (uint32_t)i + 1);
    uint8_t other = layout->order[j];
    layout->order[j] = layout->order[i];
    layout->order[i] = other;
  }
  layout->block_count = layout->rank == 0 ? 0 : (int32_t)draw(seed, OB_MAX_BLOCKS + 1);
  for (int32_t i = 0; i < layout->block_count; i++) {
    layout->block_dim[i] = (uint8_t)draw(seed, (uint32_t)layout->rank);
    layout->block_size[i] = 1 + (int32_t)draw(seed, 4);
  }
}

static void random_layouts_round_trip(void **state) {
  (void)state;
  static const ob_dtype_t dtypes[] = {OB_UINT8, OB_FLOAT16, OB_FLOAT32, OB_INT64, OB_COMPLEX128};
  uint32_t seed = 1;
  for (int round = 0; round < 2000; round++) {
    ob_layout_t layout;
    int64_t dims[OB_MAX_RANK] = {0};
    random_layout(&seed, &layout, dims);
    ob_dtype_t dtype = dtypes[draw(&seed, 5)];
    size_t bytes, plain_bytes, nonzero = 0;
    assert_int_equal(ob_layout_bytes(&layout, dtype, dims, &bytes), OB_OK);
    assert_true(ob_tensor_bytes(dtype, layout.rank, dims, &plain_bytes));
    uint8_t *plain = malloc(plain_bytes + 1), *back = malloc(plain_bytes + 1), *blocked = malloc(bytes + 1);
    for (size_t i = 0; i < plain_bytes; i++) plain[i] = (uint8_t)(1 + i % 255);
    memset(blocked, 0xee, bytes + 1);
    ob_layout_pack(&layout, dtype, dims, plain, blocked);
    ob_layout_unpack(&layout, dtype, dims, blocked, back);
    for (size_t i = 0; i < bytes; i++) nonzero += blocked[i] != 0;
    assert_memory_equal(plain, back, plain_bytes);
    assert_int_equal(nonzero, plain_bytes); /* every byte once, the padding zero */
    assert_int_equal(blocked[bytes], 0xee);
    if (ob_layout_is_plain(&layout, dims)) assert_memory_equal(plain, blocked, plain_bytes);
    free(plain);
    free(back);
    free(blocked);
  }
}

static void bad_layouts_are_refused(void **state) {
  (void)state;
  int64_t dims[] = {4, 4}, huge[] = {INT64_MAX, 2};
  size_t bytes;
  ob_layout_t twice = {.rank = 2, .order = {0, 0}};
  ob_layout_t dim = {.rank = 2, .order = {0, 1}, .block_count = 1, .block_dim = {2}, .block_size = {4}};
  ob_layout_t zero = {.rank = 2, .order = {0, 1}, .block_count = 1, .block_dim = {1}, .block_size = {0}};
  ob_layout_t fine = {.rank = 2, .order = {1, 0}, .block_count = 1, .block_dim = {1}, .block_size = {8}};
  ob_layout_t many = {.rank = 2, .order = {1, 0}, .block_count = 5};
  assert_int_equal(ob_layout_bytes(&twice, OB_FLOAT32, dims, &bytes), OB_INVALID_ARGUMENT);
  assert_int_equal(ob_layout_bytes(&dim, OB_FLOAT32, dims, &bytes), OB_INVALID_ARGUMENT);
  assert_int_equal(ob_layout_bytes(&zero, OB_FLOAT32, dims, &bytes), OB_INVALID_ARGUMENT);
  assert_int_equal(ob_layout_bytes(&many, OB_FLOAT32, dims, &bytes), OB_INVALID_ARGUMENT);
  assert_int_equal(ob_layout_bytes(&fine, OB_INT4, dims, &bytes), OB_INVALID_ARGUMENT);
  assert_int_equal(ob_layout_bytes(&fine, OB_FLOAT32, huge, &bytes), OB_INVALID_ARGUMENT);
  assert_int_equal(ob_layout_bytes(&fine, OB_FLOAT32, dims, &bytes), OB_OK);
  assert_int_equal(bytes, 4 * 8 * 4);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(nchw16c_holds_channels_in_blocks),
      cmocka_unit_test(two_blocks_of_one_dim_nest),
      cmocka_unit_test(random_layouts_round_trip),
      cmocka_unit_test(bad_layouts_are_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
