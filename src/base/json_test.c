/* The quick reader of JSON against jansson: what it takes is the same, and it takes nothing that jansson refuses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"

/* Reads the first `size` bytes from memory that ends there. True when the quick reader took it. */
static bool agree(const char *text, size_t size) {
  char *exact = malloc(size + !size);
  memcpy(exact, text, size);
  json_t *quick = ob_json_read(exact, size), *slow = json_loadb(exact, size, JSON_REJECT_DUPLICATES, NULL);
  if (quick && !slow) fail_msg("only the quick reader takes %.*s", (int)size, text);
  if (quick && !json_equal(quick, slow)) fail_msg("the readers differ about %.*s", (int)size, text);
  bool took = quick != NULL;
  json_decref(quick);
  json_decref(slow);
  free(exact);
  return took;
}

static void documents_are_read_alike(void **state) {
  static const char *const good[] = {
      "{}", "[]", " [ ] ", "{\"a\":1}", "[1,-2,0,-0,123456789012345678,1234567890123456789,-9223372036854775808]", "[1.5,-1e-5,2E3,0.25]",
      "[true,false,null]", "{\"a\":{\"b\":[{},[],\"\"]},\"c\":\"x\"}", "\t{\n\"a\" : [ 1 , 2 ] }\r\n", "[\"\\u00e4\\n\\\\\",\"\\\"\",\"\303\244\"]"};
  static const char *const odd[] = {
      "", "1", "\"a\"", "{", "[", "[1", "[1,", "[1,]", "[,1]", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{a:1}", "{\"a\":1 \"b\":2}", "[1]x", "[1][2]", "[01]", "[-]",
      "[1.]", "[.5]", "[+1]", "[1e]", "[1e999]", "[9223372036854775808]", "[12345678901234567890]", "[tru]", "[nulll]", "[\"\n\"]", "[\"\\u0000\"]",
      "[\"\\ud800\"]", "[\"\\x\"]", "[\"\377\"]", "[\"abc]", "{\"a\":1,\"a\":2}", "{1:2}", "[1 2]", "]", "}", "[}", "{]", "[NaN]", "[\"a\\"};
  (void)state;
  for (size_t i = 0; i < sizeof good / sizeof *good; i++)
    if (!agree(good[i], strlen(good[i]))) fail_msg("the quick reader gives up on %s", good[i]);
  for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) assert_false(agree(odd[i], strlen(odd[i])));
  assert_false(agree("[\"a\0b\"]", 7));
}

/* Every document cut at every byte, and with every byte replaced by others. */
static void damage_is_read_alike(void **state) {
  static const char text[] = "{\"ab\":[1,-20,3.5,\"x\\n\",true,null],\"c\":{\"d\":\"\",\"e\":[[],{}]}}";
  static const char others[] = "{}[]\",:\\ 0-e.tn\x01\xff";
  char changed[sizeof text];
  (void)state;
  for (size_t size = 0; size < sizeof text; size++) agree(text, size);
  for (size_t i = 0; i + 1 < sizeof text; i++)
    for (size_t o = 0; o + 1 < sizeof others; o++) {
      memcpy(changed, text, sizeof text);
      changed[i] = others[o];
      agree(changed, sizeof text - 1);
    }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(documents_are_read_alike), cmocka_unit_test(damage_is_read_alike)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
