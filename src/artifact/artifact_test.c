/* Artifacts: the same bytes after loading, every kind of damage refused, nothing leaked when memory runs out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include "artifact/testing.h"

static char path[] = "/tmp/artifact_testXXXXXX";
static uint8_t *original; /* an artifact of testing_module(), 64-byte aligned */
static size_t original_size;

static uint8_t *slurp(size_t *size) {
  ob_mapping_t mapping;
  assert_int_equal(ob_mapping_open(path, &mapping), OB_OK);
  *size = mapping.size;
  uint8_t *copy = aligned_alloc(64, (mapping.size + 63) / 64 * 64);
  assert_non_null(copy);
  memcpy(copy, mapping.data, mapping.size);
  ob_mapping_close(&mapping);
  return copy;
}

static int write_original(void **state) {
  ob_module_t *module;
  (void)state;
  close(mkstemp(path));
  if (testing_module(NULL, &module) != OB_OK || ob_artifact_write(module, path, NULL) != OB_OK) {
    fprintf(stderr, "%s\n", ob_error_message());
    return -1;
  }
  ob_module_free(module);
  original = slurp(&original_size);
  return 0;
}

static int remove_original(void **state) {
  (void)state;
  free(original);
  return unlink(path);
}

/* Reads from a block of exactly that size, so that sanitizers see a read beyond it. */
static ob_status_t read_exactly(const void *data, size_t size) {
  void *block = NULL;
  ob_module_t *module;
  if (posix_memalign(&block, 64, size > 0 ? size : 1) != 0) return OB_OUT_OF_MEMORY;
  if (size > 0) memcpy(block, data, size);
  ob_status_t status = ob_artifact_read(block, size, NULL, &module);
  if (status == OB_OK) ob_module_free(module);
  else assert_null(module);
  free(block);
  return status;
}

static void saved_again_gives_the_same_bytes(void **state) {
  (void)state;
  ob_module_t *module;
  size_t size;
  if (ob_artifact_read(original, original_size, NULL, &module) != OB_OK) fail_msg("%s", ob_error_message());
  assert_int_equal(ob_artifact_write(module, path, NULL), OB_OK);
  ob_module_free(module);
  uint8_t *again = slurp(&size);
  assert_int_equal(size, original_size);
  assert_memory_equal(again, original, size);
  free(again);
  assert_int_equal(ob_artifact_check(original, original_size, NULL), OB_OK);
  assert_true(ob_artifact_looks_like(original, original_size));
}

static void nothing_is_copied(void **state) {
  (void)state;
  ob_module_t *module;
  size_t strings = 0;
  assert_int_equal(ob_artifact_read(original, original_size, NULL, &module), OB_OK);
  for (size_t i = 0; i < module->constants.count; i++) {
    const ob_constant_t *constant = module->constants.items[i];
    const uint8_t *data = constant->data;
    if (constant->dtype == OB_STRING) {
      const ob_string_t *text = constant->data;
      assert_true(text[4].size == 4 && memcmp(text[4].data, "text", 4) == 0);
      strings++;
      continue;
    }
    assert_true(data >= original && data + constant->bytes <= original + original_size);
    assert_int_equal((uintptr_t)data % 64, 0);
  }
  assert_int_equal(strings, 1);
  assert_non_null(ob_map_get(&module->constants_by_name, "outboard.graph"));
  assert_int_equal(module->regions.items[0]->blob_bytes, 10);
  ob_module_free(module);
}

static void cut_anywhere(void **state) {
  (void)state;
  for (size_t size = 0; size < original_size; size++)
    if (read_exactly(original, size) != OB_INVALID_ARTIFACT) fail_msg("%zu of %zu bytes were read", size, original_size);
  uint8_t *longer = aligned_alloc(64, (original_size / 64 + 2) * 64);
  assert_non_null(longer);
  memcpy(longer, original, original_size);
  memset(longer + original_size, 0, 64);
  assert_int_equal(read_exactly(longer, original_size + 1), OB_INVALID_ARTIFACT);
  assert_int_equal(read_exactly(longer, original_size + 64), OB_INVALID_ARTIFACT);
  free(longer);
}

/* A flipped byte is detected, or the module is the same as before. */
static void flipped_anywhere(void **state) {
  (void)state;
  uint64_t header;
  size_t harmless = 0;
  memcpy(&header, original, 8);
  for (size_t i = 0; i < original_size; i++) {
    const uint8_t masks[] = {0x01, 0x20, 0x80, 0xff};
    uint8_t kept = original[i];
    ob_module_t *module;
    original[i] ^= masks[i % 4];
    if (ob_artifact_read(original, original_size, NULL, &module) == OB_OK) {
      assert_true(i >= 8 && i < 8 + header); /* every byte of a payload has its checksum */
      original[i] = kept;
      assert_int_equal(ob_artifact_write(module, path, NULL), OB_OK);
      ob_module_free(module);
      size_t size;
      uint8_t *again = slurp(&size);
      assert_int_equal(size, original_size);
      assert_memory_equal(again, original, size);
      free(again);
      harmless++;
    }
    original[i] = kept;
  }
  assert_true(harmless < header / 4);
}

/* ---------------------------------------------------------------- headers made by hand */

#define META                                                                                                 \
  "\"__metadata__\":{\"format\":\"outboard\",\"version\":\"1.0\",\"graph_sha256\":"                          \
  "\"0000000000000000000000000000000000000000000000000000000000000000\",\"checksums\":\""
#define SUM "0000000000000000"
#define TENSOR(name, dtype, shape, begin, end) "\"" name "\":{\"dtype\":\"" dtype "\",\"shape\":[" shape "],\"data_offsets\":[" begin "," end "]}"

static void refused(const char *header, size_t payload_size, ob_status_t status, const char *words) {
  static const uint8_t zeros[4096];
  size_t size;
  uint8_t *file = testing_file(header, strlen(header), zeros, payload_size, &size);
  ob_status_t got = read_exactly(file, size);
  if (got != status || !strstr(ob_error_message(), words)) fail_msg("%s\n-> %s: %s, expected '%s'", header, ob_status_name(got), ob_error_message(), words);
  free(file);
}

static void headers(void **state) {
  (void)state;
  const ob_status_t bad = OB_INVALID_ARTIFACT;
  refused("{" META SUM "\"}," TENSOR("a", "U8", "18446744073709551615", "0", "8") "}", 8, bad, "JSON");
  refused("{" META SUM "\"}," TENSOR("a", "U8", "8", "0", "18446744073709551615") "}", 8, bad, "JSON");
  refused("{" META SUM "\"}," TENSOR("a", "U8", "9223372036854775807", "1", "9223372036854775807") "}", 8, bad, "cut short");
  refused("{" META SUM "\"}," TENSOR("a", "U8", "8", "8", "0") "}", 8, bad, "bytes 8 to 0");
  refused("{" META SUM "\"}," TENSOR("a", "U8", "-8", "0", "8") "}", 8, bad, "no size");
  refused("{" META SUM "\"}," TENSOR("a", "U8", "8", "-8", "8") "}", 8, bad, "no size");
  refused("{" META SUM "\"}," TENSOR("a", "U8", "8.0", "0", "8") "}", 8, bad, "no size");
  refused("{" META SUM "\"}," TENSOR("a", "F32", "4", "0", "8") "}", 8, bad, "needs 16 bytes");
  refused("{" META SUM "\"}," TENSOR("a", "F32", "4294967296,4294967296", "0", "8") "}", 8, bad, "overflows");
  refused("{" META SUM "\"}," TENSOR("a", "F128", "1", "0", "8") "}", 8, bad, "unknown");
  refused("{" META SUM SUM "\"}," TENSOR("a", "U8", "64", "0", "64") "," TENSOR("b", "U8", "64", "0", "64") "}", 64, bad, "begins at byte 0");
  refused("{" META SUM SUM "\"}," TENSOR("a", "U8", "64", "0", "64") "," TENSOR("b", "U8", "64", "32", "96") "}", 96, bad, "begins at byte 32");
  refused("{" META SUM SUM "\"}," TENSOR("a", "U8", "64", "0", "64") "," TENSOR("b", "U8", "64", "128", "192") "}", 192, bad, "begins at byte 128");
  refused("{" META SUM "\"}," TENSOR("a", "U8", "64", "0", "64") "}", 65, bad, "behind the last");
  refused("{" META SUM SUM "\"}," TENSOR("a", "U8", "8", "0", "8") "," TENSOR("b", "U8", "8", "8", "16") "}", 16, bad, "not aligned");
  refused("{" META "\"}," TENSOR("a", "U8", "64", "0", "64") "}", 64, bad, "checksums");
  refused("{" META "zzzzzzzzzzzzzzzz\"}," TENSOR("a", "U8", "64", "0", "64") "}", 64, bad, "checksum 0");
  refused("{" META SUM "\"}," TENSOR("a", "U8", "64", "0", "64") "}", 64, bad, "no tensor 'outboard.graph'");
  refused("{" META SUM "\"}," TENSOR("outboard.graph", "U8", "64", "0", "64") "}", 64, bad, "SHA-256");
  refused("{" META SUM "\"}," TENSOR("a", "U8", "64", "0", "64") "," TENSOR("a", "U8", "64", "0", "64") "}", 64, bad, "duplicate");
  refused("{" TENSOR("a", "U8", "64", "0", "64") "}", 64, bad, "__metadata__");
  refused("{\"__metadata__\":{\"format\":\"pt\"}}", 0, bad, "expected 'outboard'");
  refused("{\"__metadata__\":{\"format\":\"outboard\",\"version\":\"2.0\"}}", 0, OB_UNSUPPORTED, "compile the model again");
  refused("{\"__metadata__\":{\"format\":\"outboard\",\"version\":\"x\"}}", 0, bad, "no version");
  refused("{\"__metadata__\":7}", 0, bad, "__metadata__");
  refused("[]", 0, bad, "object");
  refused("{} x", 0, bad, "JSON");
  refused("{\"a\\u0000\":1}", 0, bad, "JSON");
  refused("{\"\xff\":1}", 0, bad, "JSON");
}

static void lengths_of_the_header(void **state) {
  (void)state;
  const uint64_t lengths[] = {0, 1, original_size - 7, original_size, UINT32_MAX, INT64_MAX, (uint64_t)INT64_MAX + 1, UINT64_MAX - 7, UINT64_MAX};
  uint8_t kept[8];
  memcpy(kept, original, 8);
  for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
    memcpy(original, &lengths[i], 8);
    assert_int_equal(read_exactly(original, original_size), OB_INVALID_ARTIFACT);
  }
  memcpy(original, kept, 8);
  static char deep[200000];
  memset(deep, '[', sizeof deep);
  size_t size;
  uint8_t *file = testing_file(deep, sizeof deep, "", 0, &size);
  assert_int_equal(read_exactly(file, size), OB_INVALID_ARTIFACT);
  assert_non_null(strstr(ob_error_message(), "nested"));
  free(file);
  assert_false(ob_artifact_looks_like("\x08\x07onnx....", 10));
}

/* ---------------------------------------------------------------- memory that runs out */

typedef struct {
  size_t left, living;
} budget_t;

static void *take(void *self, size_t size, size_t alignment) {
  budget_t *budget = self;
  if (budget->left == 0) return NULL;
  budget->left--;
  budget->living++;
  return aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment);
}

static void give(void *self, void *block) {
  budget_t *budget = self;
  if (block) budget->living--;
  free(block);
}

static void every_allocation_may_fail(void **state) {
  (void)state;
  budget_t budget = {0, 0};
  const ob_allocator_t allocator = {take, give, &budget};
  ob_module_t *module;
  ob_status_t status = OB_OUT_OF_MEMORY;
  for (size_t allowed = 0; status != OB_OK; allowed++) {
    budget.left = allowed;
    status = ob_artifact_read(original, original_size, &allocator, &module);
    if (status == OB_OK) {
      status = ob_artifact_write(module, path, &allocator);
      ob_module_free(module);
    }
    assert_int_equal(budget.living, 0);
    assert_true(status == OB_OK || status == OB_OUT_OF_MEMORY);
    assert_true(allowed < 100000);
  }
  size_t size;
  uint8_t *again = slurp(&size);
  assert_int_equal(size, original_size);
  assert_memory_equal(again, original, size);
  free(again);
}

static void a_folder_that_is_not_there(void **state) {
  (void)state;
  ob_module_t *module;
  assert_int_equal(ob_artifact_read(original, original_size, NULL, &module), OB_OK);
  assert_int_equal(ob_artifact_write(module, "/nowhere/x.ob", NULL), OB_NOT_FOUND);
  assert_non_null(strstr(ob_error_message(), "/nowhere"));
  ob_module_free(module);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(saved_again_gives_the_same_bytes), cmocka_unit_test(nothing_is_copied), cmocka_unit_test(cut_anywhere),
      cmocka_unit_test(flipped_anywhere),                 cmocka_unit_test(headers),           cmocka_unit_test(lengths_of_the_header),
      cmocka_unit_test(every_allocation_may_fail),        cmocka_unit_test(a_folder_that_is_not_there),
  };
  return cmocka_run_group_tests(tests, write_original, remove_original);
}
