/* The base library: messages, memory, text, maps, hashes, JSON, files, threads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/array.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/map.h"
#include "base/str.h"
#include "base/thread.h"
#include "outboard/outboard.h"

static void messages(void **state) {
  (void)state;
  assert_int_equal(ob_fail(OB_NOT_FOUND, "no %s", "bread"), OB_NOT_FOUND);
  assert_string_equal(ob_error_message(), "no bread");
  assert_int_equal(ob_fail_within(OB_NOT_FOUND, "kitchen: "), OB_NOT_FOUND);
  assert_string_equal(ob_error_message(), "kitchen: no bread");
  char longest[3000];
  memset(longest, 'a', sizeof longest - 1);
  longest[sizeof longest - 1] = 0;
  assert_int_equal(ob_fail(OB_INTERNAL, "%s", longest), OB_INTERNAL);
  assert_int_equal(strlen(ob_error_message()), OB_MESSAGE_SIZE - 1);
  assert_string_equal(ob_error_message() + OB_MESSAGE_SIZE - 4, "...");
  assert_int_equal(ob_fail(OB_INTERNAL, "a\x1b[2Jb\n"), OB_INTERNAL);
  assert_string_equal(ob_error_message(), "a?[2Jb?");
}

static void names_are_quoted(void **state) {
  (void)state;
  assert_string_equal(ob_quote("conv1/w\xc3\xa9"), "conv1/w\xc3\xa9");
  assert_string_equal(ob_quote("a\x1b[0m\n\xff\\"), "a\\x1b[0m\\x0a\\xff\\x5c");
  assert_string_equal(ob_quote("\xc2\x9b"), "\\xc2\\x9b"); /* a C1 control: terminals obey it */
  assert_string_equal(ob_quote_n("a\0b", 3), "a\\x00b");
  assert_string_equal(ob_quote(NULL), "");
  char longest[300];
  memset(longest, '\n', sizeof longest - 1);
  longest[sizeof longest - 1] = 0;
  assert_true(strlen(ob_quote(longest)) < 100);
  for (size_t i = 0; i + 1 < sizeof longest; i++) longest[i] = (char)('a' + i % 26);
  assert_string_equal(ob_quote(longest), "abcdefghijklmnopqrstuvwxyzabcdefghijklmn...zabcdefghijklmnopqrstuvwxyzabcdefghijklm");
  longest[79] = 0;
  assert_string_equal(ob_quote(longest), longest);
  strcpy(longest + 100, "/folder/of/the/model/that/has/the/name/of/model.onnx");
  for (size_t i = 0; i < 100; i++) longest[i] = "\xc3\xa9"[i % 2]; /* cut between characters */
  assert_non_null(strstr(ob_quote(longest), "\xc3\xa9..."));
  assert_non_null(strstr(ob_quote(longest), "/that/has/the/name/of/model.onnx"));
}

static long arena_blocks;
static void *count_block(void *self, size_t size, size_t alignment) {
  arena_blocks++;
  return ob_allocator_default()->allocate(self, size, alignment);
}
static void uncount_block(void *self, void *block) { ob_allocator_default()->release(self, block); }

/* The same again, or less, asks for no new block, and memory is zeroed anew. */
static void arenas_start_over(void **state) {
  static const ob_allocator_t counting = {count_block, uncount_block, NULL};
  (void)state;
  ob_arena_t arena;
  ob_arena_init(&arena, &counting);
  ob_arena_reset(&arena);
  long before = 0;
  for (size_t round = 0; round < 6; round++) {
    for (size_t i = 0; i < 200; i++) {
      unsigned char *block;
      size_t size = i * i / (round + 1);
      assert_int_equal(ob_arena_alloc(&arena, size, (void **)&block), OB_OK);
      for (size_t k = 0; k < size; k++) assert_int_equal(block[k], 0);
      memset(block, 255, size);
    }
    if (round == 0) before = arena_blocks;
    assert_int_equal(arena_blocks, before);
    ob_arena_reset(&arena);
  }
  ob_arena_free(&arena);
}

static void arenas(void **state) {
  (void)state;
  ob_arena_t arena;
  ob_arena_init(&arena, ob_allocator_default());
  unsigned char *blocks[1000];
  for (size_t i = 0; i < 1000; i++) {
    assert_int_equal(ob_arena_alloc(&arena, i, (void **)&blocks[i]), OB_OK);
    assert_int_equal((uintptr_t)blocks[i] % 16, 0);
    for (size_t k = 0; k < i; k++) assert_int_equal(blocks[i][k], 0);
    memset(blocks[i], (int)i, i);
  }
  for (size_t i = 1; i < 1000; i++) assert_int_equal(blocks[i][i - 1], i & 255);
  void *huge;
  assert_int_equal(ob_arena_alloc_array(&arena, SIZE_MAX / 2, 4, &huge), OB_OUT_OF_MEMORY);
  assert_int_equal(ob_arena_alloc(&arena, SIZE_MAX - 3, &huge), OB_OUT_OF_MEMORY);
  const char *text;
  assert_int_equal(ob_arena_printf(&arena, &text, "%d-%s", 7, "x"), OB_OK);
  assert_string_equal(text, "7-x");
  ob_arena_free(&arena);
}

static void arrays_and_maps(void **state) {
  (void)state;
  const ob_allocator_t *a = ob_allocator_default();
  OB_ARRAY(int) numbers = {0};
  static char keys[500][12];
  ob_map_t map;
  ob_map_init(&map, a);
  assert_null(ob_map_get(&map, "nothing"));
  for (int i = 0; i < 500; i++) {
    assert_int_equal(ob_array_push(a, &numbers, i), OB_OK);
    snprintf(keys[i], sizeof keys[i], "key%d", i);
    assert_int_equal(ob_map_set(&map, keys[i], keys[i]), OB_OK);
  }
  assert_int_equal(ob_map_set(&map, "key7", keys[8]), OB_OK);
  assert_int_equal(map.count, 500);
  for (int i = 0; i < 500; i++) {
    assert_int_equal(numbers.items[i], i);
    assert_ptr_equal(ob_map_get(&map, keys[i]), keys[i == 7 ? 8 : i]);
  }
  assert_null(ob_map_get(&map, "key500"));
  ob_map_free(&map);
  ob_array_free(a, &numbers);
}

static void text(void **state) {
  (void)state;
  ob_str_t str;
  char *taken;
  ob_str_init(&str, ob_allocator_default());
  assert_int_equal(ob_str_take(&str, &taken), OB_OK);
  assert_string_equal(taken, "");
  ob_free(ob_allocator_default(), taken);
  ob_str_init(&str, ob_allocator_default());
  for (int i = 0; i < 100; i++) ob_str_printf(&str, "%d,", i);
  ob_str_append_html(&str, "<a & 'b'>\n");
  ob_str_append_dot(&str, "\"\\\x01");
  ob_str_append_html(&str, "\xc2\x85\xc3\xa9");
  ob_str_append_dot(&str, "\xc2\x9b\xc2\xa0");
  assert_int_equal(ob_str_take(&str, &taken), OB_OK);
  assert_non_null(strstr(taken, "98,99,&#60;a &#38; &#39;b&#39;&#62;\\x0a\\\"\\\\\\\\x01\\x85\xc3\xa9\\\\x9b\xc2\xa0"));
  ob_free(ob_allocator_default(), taken);
}

static void utf8(void **state) {
  (void)state;
  static const char *const good[] = {"", "abc", "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x98\x80", "\xf4\x8f\xbf\xbf"};
  static const char *const bad[] = {"\x80", "\xc0\xaf", "\xc3", "\xe0\x80\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xff", "a\xe2\x82"};
  for (size_t i = 0; i < sizeof good / sizeof *good; i++) assert_true(ob_utf8_is_valid(good[i], strlen(good[i])));
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) assert_false(ob_utf8_is_valid(bad[i], strlen(bad[i])));
  assert_false(ob_utf8_is_valid("\0", 1));
}

/* The instructions of the CPU, where it has some, do what the plain loops do. */
static void sha256_blocks(void **state) {
  uint8_t blocks[64 * 9];
  ob_sha256_t hash;
  (void)state;
  for (size_t i = 0; i < sizeof blocks; i++) blocks[i] = (uint8_t)(i * i * 31 + i / 7);
  ob_sha256_init(&hash);
  for (size_t at = 0; at < sizeof blocks; at += 64) {
    uint32_t plain[8];
    memcpy(plain, hash.state, sizeof plain);
    ob_sha256_block_plain(plain, blocks + at);
    ob_sha256_update(&hash, blocks + at, 64);
    assert_memory_equal(plain, hash.state, sizeof plain);
  }
}

static void sha256(void **state) {
  (void)state;
  static const struct {
    const char *text, *hex;
  } known[] = {{"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
               {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
               {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
                "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"}};
  for (size_t i = 0; i < 3; i++)
    for (size_t step = 1; step < 60; step += 7) {
      ob_sha256_t hash;
      uint8_t digest[32];
      char hex[65];
      ob_sha256_init(&hash);
      for (size_t at = 0, left = strlen(known[i].text); left > 0;) {
        size_t n = left < step ? left : step;
        ob_sha256_update(&hash, known[i].text + at, n);
        at += n, left -= n;
      }
      ob_sha256_final(&hash, digest);
      ob_sha256_hex(digest, hex);
      assert_string_equal(hex, known[i].hex);
    }
}

static ob_status_t parse(const char *source, json_t **json) {
  return ob_json_parse(source, strlen(source), "test", OB_INVALID_ARTIFACT, json);
}

static void json_refuses(void **state) {
  (void)state;
  static const char *const bad[] = {"", "{\"a\":1,\"a\":2}", "[1]x", "[1e999]", "[9223372036854775808]", "[NaN]", "[\"\\ud800\"]",
                                    "[\"\\u0000\"]", "[\"\xff\"]", "{\"a\":}", "[1,]"};
  json_t *json;
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    assert_int_equal(parse(bad[i], &json), OB_INVALID_ARTIFACT);
    assert_null(json);
  }
  char *deep = malloc(200001);
  memset(deep, '[', 100000);
  memset(deep + 100000, ']', 100000);
  deep[200000] = 0;
  assert_int_equal(parse(deep, &json), OB_INVALID_ARTIFACT);
  assert_non_null(strstr(ob_error_message(), "nested"));
  free(deep);
}

static void json_members(void **state) {
  (void)state;
  json_t *json;
  const json_t *member;
  int64_t number;
  const char *string;
  ob_json_place_t root = {NULL, "file", 0, OB_INVALID_ARTIFACT}, inner = {&root, NULL, 3, OB_OK};
  assert_int_equal(parse("{\"n\":7,\"s\":\"x\",\"o\":{},\"b\":true}", &json), OB_OK);
  assert_int_equal(ob_json_get_int(&root, json, "n", 0, 9, &number), OB_OK);
  assert_int_equal(number, 7);
  assert_int_equal(ob_json_get_int(&inner, json, "n", 0, 6, &number), OB_INVALID_ARTIFACT);
  assert_string_equal(ob_error_message(), "file[3]: 'n' is 7, expected 0 to 6");
  assert_int_equal(ob_json_get_string(&root, json, "s", &string), OB_OK);
  assert_int_equal(ob_json_get_string(&root, json, "n", &string), OB_INVALID_ARTIFACT);
  assert_int_equal(ob_json_get(&root, json, "b", JSON_TRUE, &member), OB_OK);
  assert_int_equal(ob_json_find(&root, json, "absent", JSON_OBJECT, &member), OB_OK);
  assert_null(member);
  char *out;
  size_t size;
  assert_int_equal(ob_json_dump(json, ob_allocator_default(), &out, &size), OB_OK);
  assert_string_equal(out, "{\"n\":7,\"s\":\"x\",\"o\":{},\"b\":true}");
  ob_free(ob_allocator_default(), out);
  json_decref(json);
}

static void files(void **state) {
  (void)state;
  char folder[] = "/tmp/ob_base_XXXXXX", path[64];
  assert_non_null(mkdtemp(folder));
  snprintf(path, sizeof path, "%s/file", folder);
  ob_writer_t writer;
  ob_mapping_t mapping;
  size_t size = (5 << 20) + 13;
  char *data = malloc(size);
  for (size_t i = 0; i < size; i++) data[i] = (char)(i * 31);
  for (int round = 0; round < 2; round++) {
    assert_int_equal(ob_writer_open(&writer, path, ob_allocator_default()), OB_OK);
    for (size_t at = 0, n = 1; at < size; at += n, n = n * 3 + 1)
      assert_int_equal(ob_writer_write(&writer, data + at, n < size - at ? n : size - at), OB_OK);
    if (round == 0) ob_writer_abort(&writer); /* leaves nothing */
    else assert_int_equal(ob_writer_commit(&writer), OB_OK);
    assert_int_equal(ob_mapping_open(path, &mapping), round == 0 ? OB_NOT_FOUND : OB_OK);
  }
  assert_int_equal(mapping.size, size);
  assert_memory_equal(mapping.data, data, size);
  ob_mapping_close(&mapping);
  assert_int_equal(chmod(path, 0640), 0);
  assert_int_equal(ob_writer_open(&writer, path, ob_allocator_default()), OB_OK);
  assert_int_equal(ob_writer_commit(&writer), OB_OK);
  struct stat info;
  assert_int_equal(stat(path, &info), 0);
  assert_int_equal(info.st_mode & 07777, 0640);
  assert_int_equal(info.st_size, 0);
  assert_int_equal(ob_mapping_open(path, &mapping), OB_OK);
  assert_int_equal(mapping.size, 0);
  ob_mapping_close(&mapping);
  assert_int_equal(ob_mapping_open(folder, &mapping), OB_IO_ERROR);
  assert_int_equal(ob_writer_open(&writer, "/nonexistent/x", ob_allocator_default()), OB_NOT_FOUND);
  free(data);
  unlink(path);
  assert_int_equal(rmdir(folder), 0);
}

static void a_file_that_shrinks_reads_as_zeros(void **state) {
  (void)state;
  char path[] = "/tmp/ob_base_XXXXXX";
  static char page[4096];
  ob_mapping_t mapping, other;
  int fd = mkstemp(path);
  assert_true(fd >= 0);
  memset(page, 7, sizeof page);
  for (int i = 0; i < 64; i++) assert_int_equal(write(fd, page, sizeof page), sizeof page);
  assert_int_equal(ob_mapping_open(path, &mapping), OB_OK);
  assert_int_equal(ob_mapping_open(path, &other), OB_OK);
  assert_int_equal(ftruncate(fd, 3 * sizeof page), 0);
  assert_int_equal(((volatile const uint8_t *)mapping.data)[2 * sizeof page], 7);
  assert_false(ob_watch_broken(mapping.watch));
  assert_int_equal(((volatile const uint8_t *)mapping.data)[40 * sizeof page + 5], 0);
  assert_true(ob_watch_broken(mapping.watch));
  assert_int_equal(((volatile const uint8_t *)mapping.data)[64 * sizeof page - 1], 0);
  assert_int_equal(((volatile const uint8_t *)mapping.data)[2 * sizeof page], 7);
  assert_false(ob_watch_broken(other.watch));
  ob_watch_t *watch = mapping.watch;
  ob_mapping_close(&mapping);
  assert_int_equal(ob_mapping_open(path, &mapping), OB_OK); /* takes the place that is free again, whole */
  assert_ptr_equal(mapping.watch, watch);
  assert_false(ob_watch_broken(mapping.watch));
  ob_mapping_close(&mapping);
  ob_mapping_close(&other);
  close(fd);
  unlink(path);
}

static void count_pieces(void *arg, size_t begin, size_t end) {
  unsigned char *seen = arg;
  for (size_t i = begin; i < end; i++) seen[i]++;
}

static void parallel_loops_visit_everything_once(void **state) {
  (void)state;
  unsigned char seen[1000];
  for (size_t count = 0; count <= 1000; count = count * 3 + 1)
    for (uint32_t threads = 1; threads <= 3; threads++) {
      memset(seen, 0, sizeof seen);
      ob_parallel_for(threads, count, 7, count_pieces, seen);
      for (size_t i = 0; i < sizeof seen; i++) assert_int_equal(seen[i], i < count ? 1 : 0);
    }
  assert_true(ob_thread_default() >= 1);
  assert_true(ob_now_ns() > 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(messages), cmocka_unit_test(names_are_quoted), cmocka_unit_test(arenas), cmocka_unit_test(arenas_start_over), cmocka_unit_test(arrays_and_maps),
      cmocka_unit_test(text),     cmocka_unit_test(utf8),             cmocka_unit_test(sha256), cmocka_unit_test(sha256_blocks), cmocka_unit_test(json_refuses),
      cmocka_unit_test(json_members), cmocka_unit_test(files), cmocka_unit_test(a_file_that_shrinks_reads_as_zeros),
      cmocka_unit_test(parallel_loops_visit_everything_once),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
