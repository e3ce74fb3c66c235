/* .npy files: every type there and back, foreign orders converted, malformed headers refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "../cli/npy.h"
#include "base/dtype.h"

/* A file in memory: version 1, the given dict, then the elements. */
static size_t make(uint8_t *file, const char *dict, const void *elements, size_t bytes) {
  size_t length = strlen(dict);
  memcpy(file, "\x93NUMPY\x01\x00", 8);
  file[8] = (uint8_t)length, file[9] = (uint8_t)(length >> 8);
  memcpy(file + 10, dict, length);
  if (bytes > 0) memcpy(file + 10 + length, elements, bytes);
  return 10 + length + bytes;
}

/* Parses from a block of exactly the file's size, so that sanitizers see a read beyond it. */
static const char *parse(const uint8_t *file, size_t size, ob_dtype_t wanted, ob_tensor_t *tensor) {
  uint8_t *exact = malloc(size ? size : 1);
  assert_non_null(exact);
  memcpy(exact, file, size);
  const char *problem = npy_parse(exact, size, wanted, tensor);
  free(exact);
  return problem;
}

static void refused(const char *dict, size_t bytes, ob_dtype_t wanted, const char *words) {
  static const uint8_t zeros[4096];
  uint8_t file[65536];
  ob_tensor_t tensor;
  const char *problem = parse(file, make(file, dict, zeros, bytes), wanted, &tensor);
  if (!problem) fail_msg("accepted: %s", dict);
  if (!strstr(problem, words)) fail_msg("%s: '%s' has no '%s'", dict, problem, words);
  assert_null(tensor.data);
}

static void round_trip(ob_dtype_t dtype, const int64_t *dims, int32_t rank, const void *data, size_t bytes) {
  char path[] = "/tmp/npy_testXXXXXX";
  int fd = mkstemp(path);
  assert_true(fd >= 0);
  close(fd);
  ob_tensor_t in = {.dtype = dtype, .rank = rank, .dims = dims, .data = (void *)(uintptr_t)data, .bytes = bytes}, out;
  assert_null(npy_write(path, &in));
  const char *problem = npy_read(path, dtype, &out);
  if (problem) fail_msg("%s: %s", ob_dtype_name(dtype), problem);
  assert_int_equal(out.rank, rank);
  for (int32_t i = 0; i < rank; i++) assert_int_equal(out.dims[i], dims[i]);
  assert_int_equal(out.bytes, bytes);
  if (bytes > 0) assert_memory_equal(out.data, data, bytes);
  npy_free(&out);
  unlink(path);
}

static void every_type_comes_back(void **state) {
  (void)state;
  uint8_t data[15 * 16];
  const int64_t dims[] = {3, 1, 5};
  for (int dtype = 1; dtype < OB_DTYPE_COUNT; dtype++) {
    if (dtype == OB_STRING) continue;
    for (size_t i = 0; i < sizeof data; i++) data[i] = (uint8_t)(dtype == OB_BOOL ? i % 2 : 37 * i + 11);
    size_t bytes = ob_dtype_bytes((ob_dtype_t)dtype, 15);
    if (15 * ob_dtype_bits((ob_dtype_t)dtype) % 8 != 0) data[bytes - 1] &= (uint8_t)((1 << 15 * ob_dtype_bits((ob_dtype_t)dtype) % 8) - 1);
    round_trip((ob_dtype_t)dtype, dims, 3, data, bytes);
  }
}

static void scalars_and_empty_tensors(void **state) {
  (void)state;
  const float one = 1.5f;
  const int64_t empty[] = {4, 0, 2}, large[] = {0, INT64_MAX};
  round_trip(OB_FLOAT32, NULL, 0, &one, 4);
  round_trip(OB_FLOAT32, empty, 3, "", 0);
  round_trip(OB_INT4, empty, 3, "", 0);
  round_trip(OB_INT64, large, 2, "", 0);
}

static void strings_come_back(void **state) {
  (void)state;
  char path[] = "/tmp/npy_testXXXXXX";
  const ob_string_t texts[] = {{"h\xc3\xa9llo", 6}, {"", 0}, {"\xf0\x9f\x90\x8c!", 5}, {"\xe4\xb8\xad", 3}};
  const int64_t dims[] = {2, 2};
  close(mkstemp(path));
  ob_tensor_t in = {.dtype = OB_STRING, .rank = 2, .dims = dims, .data = (void *)(uintptr_t)texts, .bytes = sizeof texts}, out;
  assert_null(npy_write(path, &in));
  assert_null(npy_read(path, OB_STRING, &out));
  for (size_t i = 0; i < 4; i++) {
    const ob_string_t *got = (const ob_string_t *)out.data + i;
    assert_int_equal(got->size, texts[i].size);
    assert_memory_equal(got->data, texts[i].data, got->size);
  }
  npy_free(&out);
  unlink(path);
}

static void fortran_order_and_big_endian(void **state) {
  (void)state;
  uint8_t file[512];
  ob_tensor_t tensor;
  const int16_t columns[] = {1, 4, 2, 5, 3, 6}, rows[] = {1, 2, 3, 4, 5, 6};
  size_t size = make(file, "{'descr': '<i2', 'fortran_order': True, 'shape': (2, 3), }", columns, sizeof columns);
  assert_null(parse(file, size, OB_INT16, &tensor));
  assert_memory_equal(tensor.data, rows, sizeof rows);
  npy_free(&tensor);
  const uint8_t big[] = {0x3f, 0x80, 0, 0, 0xc0, 0, 0, 0}, complex_parts[] = {0x3f, 0x80, 0, 0, 0xc0, 0, 0, 0};
  size = make(file, "{'descr': '>f4', 'fortran_order': False, 'shape': (2,), }", big, sizeof big);
  assert_null(parse(file, size, OB_FLOAT32, &tensor));
  assert_true(((const float *)tensor.data)[0] == 1.0f && ((const float *)tensor.data)[1] == -2.0f);
  npy_free(&tensor);
  size = make(file, "{\"shape\": (), 'fortran_order': False, \"descr\": \">c8\"}", complex_parts, sizeof complex_parts);
  assert_null(parse(file, size, OB_COMPLEX64, &tensor));
  assert_int_equal(tensor.rank, 0);
  assert_true(((const float *)tensor.data)[0] == 1.0f && ((const float *)tensor.data)[1] == -2.0f);
  npy_free(&tensor);
}

static void values_of_narrow_types_are_checked(void **state) {
  (void)state;
  uint8_t file[512];
  ob_tensor_t tensor;
  const int8_t in_range[] = {-8, 7, 3}, beyond[] = {8};
  const uint8_t truth[] = {0, 1, 7};
  assert_null(parse(file, make(file, "{'descr': '|i1', 'fortran_order': False, 'shape': (3,), }", in_range, 3), OB_INT4, &tensor));
  assert_int_equal(((const uint8_t *)tensor.data)[0], 0x78);
  npy_free(&tensor);
  size_t size = make(file, "{'descr': '|i1', 'fortran_order': False, 'shape': (1,), }", beyond, 1);
  assert_non_null(strstr(parse(file, size, OB_INT4, &tensor), "out of the range"));
  assert_null(tensor.data);
  assert_null(parse(file, make(file, "{'descr': '|b1', 'fortran_order': False, 'shape': (3,), }", truth, 3), OB_BOOL, &tensor));
  assert_int_equal(((const uint8_t *)tensor.data)[2], 1);
  npy_free(&tensor);
}

static void malformed_files_are_refused(void **state) {
  (void)state;
  refused("{'descr': '|O', 'fortran_order': False, 'shape': (3,), }", 64, OB_FLOAT32, "pickles");
  refused("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (3,), }", 64, OB_FLOAT32, "structured");
  refused("{'descr': '', 'fortran_order': False, 'shape': (3,), }", 64, OB_FLOAT32, "malformed");
  refused("{'descr': '<', 'fortran_order': False, 'shape': (3,), }", 64, OB_FLOAT32, "malformed");
  refused("{'descr': '<f99999999999999999999', 'fortran_order': False, 'shape': (3,), }", 64, OB_FLOAT32, "malformed");
  refused("{'descr': '<M8', 'fortran_order': False, 'shape': (3,), }", 64, OB_INT64, "not supported");
  refused("{'descr': '<f4', 'fortran_order': False, 'shape': (3,), }", 11, OB_FLOAT32, "cut short");
  refused("{'descr': '<f8', 'fortran_order': False, 'shape': (3,), }", 24, OB_FLOAT32, "float32");
  refused("{'descr': '<f4', 'fortran_order': False, 'shape': (4294967296, 4294967296), }", 64, OB_FLOAT32, "overflows");
  refused("{'descr': '<f4', 'fortran_order': False, 'shape': (4611686018427387904,), }", 64, OB_FLOAT32, "overflows");
  refused("{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,), }", 64, OB_FLOAT32, "shape");
  refused("{'descr': '<f4', 'fortran_order': False, 'shape': (-1,), }", 64, OB_FLOAT32, "shape");
  refused("{'descr': '<U0', 'fortran_order': False, 'shape': (99999999999,), }", 0, OB_STRING, "too large");
  refused("{'descr': '<f4', 'fortran_order': False}", 64, OB_FLOAT32, "malformed");
  refused("{'descr': '<f4', 'fortran_order': False, 'shape': (1,), 'descr': '<f4'}", 64, OB_FLOAT32, "repeated");
  refused("{'descr': '<f4', 'fortran_order': Maybe, 'shape': (1,), }", 64, OB_FLOAT32, "fortran");
  refused("{'descr': '<f4', 'fortran_order': False, 'shape': (1,), } 7", 64, OB_FLOAT32, "malformed");
  refused("__import__('os')", 64, OB_FLOAT32, "malformed");
  refused("{'descr': '<f4', 'fortran_order': False, 'shape': (1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1), }", 64,
          OB_FLOAT32, "rank");
  const uint8_t surrogate[] = {0, 0xd8, 0, 0};
  uint8_t file[256];
  ob_tensor_t tensor;
  assert_non_null(parse(file, make(file, "{'descr': '<U1', 'fortran_order': False, 'shape': (1,), }", surrogate, 4), OB_STRING, &tensor));
}

static void truncated_anywhere(void **state) {
  (void)state;
  uint8_t file[512];
  ob_tensor_t tensor;
  const float x[] = {1, 2, 3};
  size_t size = make(file, "{'descr': '<f4', 'fortran_order': False, 'shape': (3,), }", x, sizeof x);
  for (size_t cut = 0; cut < size; cut++) assert_non_null(parse(file, cut, OB_FLOAT32, &tensor));
  file[6] = 9;
  assert_non_null(strstr(parse(file, size, OB_FLOAT32, &tensor), "version"));
  file[6] = 2, memset(file + 8, 0xff, 4);
  assert_non_null(strstr(parse(file, size, OB_FLOAT32, &tensor), "longer than the file"));
}

static void what_is_no_file(void **state) {
  (void)state;
  ob_tensor_t tensor;
  assert_non_null(strstr(npy_read("/tmp", OB_FLOAT32, &tensor), "regular"));
  assert_non_null(strstr(npy_read("/nowhere.npy", OB_FLOAT32, &tensor), "No such file"));
  const int64_t dims[] = {1};
  ob_tensor_t in = {.dtype = OB_UINT8, .rank = 1, .dims = dims, .data = &(uint8_t){1}, .bytes = 1};
  assert_non_null(npy_write("/nowhere/x.npy", &in));
  assert_non_null(strstr(npy_write("/dev/full", &in), "No space"));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_type_comes_back),
      cmocka_unit_test(scalars_and_empty_tensors),
      cmocka_unit_test(strings_come_back),
      cmocka_unit_test(fortran_order_and_big_endian),
      cmocka_unit_test(values_of_narrow_types_are_checked),
      cmocka_unit_test(malformed_files_are_refused),
      cmocka_unit_test(truncated_anywhere),
      cmocka_unit_test(what_is_no_file),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
