/* Graph JSON with one thing wrong at a time: each is refused with words that say what, and nothing leaks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include "artifact/testing.h"

static uint8_t *original;
static json_t *graph; /* of the original */

static int begin(void **state) {
  (void)state;
  char path[] = "/tmp/graph_json_testXXXXXX";
  ob_mapping_t mapping;
  ob_module_t *module;
  close(mkstemp(path));
  if (testing_module(NULL, &module) != OB_OK || ob_module_to_json(module, &graph) != OB_OK || ob_artifact_write(module, path, NULL) != OB_OK ||
      ob_mapping_open(path, &mapping) != OB_OK)
    return -1;
  original = aligned_alloc(64, (mapping.size + 63) / 64 * 64);
  if (!original) return -1;
  memcpy(original, mapping.data, mapping.size);
  ob_mapping_close(&mapping);
  ob_module_free(module);
  return unlink(path);
}

static int end(void **state) {
  (void)state;
  free(original);
  json_decref(graph);
  return 0;
}

static ob_status_t read_text(const char *text, size_t size, ob_module_t **module) {
  size_t file_size;
  uint8_t *file = testing_artifact(original, text, size, &file_size);
  ob_module_t *read;
  ob_status_t status = ob_artifact_read(file, file_size, NULL, &read);
  if (status == OB_OK && !module) ob_module_free(read);
  else if (module) *module = read; /* its payloads are gone: only structure may be looked at */
  free(file);
  return status;
}

static ob_status_t read_json(const json_t *json) {
  char *text = json_dumps(json, JSON_COMPACT | JSON_ALLOW_NUL);
  assert_non_null(text);
  ob_status_t status = read_text(text, strlen(text), NULL);
  free(text);
  return status;
}

/* The member at a path such as "graphs.0.nodes.0.op" becomes the JSON in `value` ("-" takes it away). */
static json_t *changed(const char *path, const char *value) {
  json_t *copy = json_deep_copy(graph), *at = copy, *next;
  char words[256], *word, *rest;
  snprintf(words, sizeof words, "%s", path);
  for (word = strtok_r(words, ".", &rest);; word = strtok_r(NULL, ".", &rest)) {
    bool last = *rest == 0;
    json_t *fresh = last && strcmp(value, "-") != 0 ? json_loads(value, JSON_DECODE_ANY, NULL) : NULL;
    if (last && strcmp(value, "-") != 0 && !fresh) fail_msg("not JSON: %s", value);
    if (json_is_array(at)) {
      size_t index = (size_t)atoi(word);
      if (last) assert_int_equal(fresh ? json_array_set_new(at, index, fresh) : json_array_remove(at, index), 0);
      next = json_array_get(at, index);
    } else {
      if (last) assert_int_equal(fresh ? json_object_set_new(at, word, fresh) : json_object_del(at, word), 0);
      next = json_object_get(at, word);
    }
    if (last) return copy;
    if (!next) fail_msg("no '%s' in %s", word, path);
    at = next;
  }
}

static void refused_as(const char *path, const char *value, ob_status_t status, const char *words) {
  json_t *json = changed(path, value);
  ob_status_t got = read_json(json);
  json_decref(json);
  if (got != status || !strstr(ob_error_message(), words))
    fail_msg("%s = %s\n-> %s: %s, expected '%s'", path, value, ob_status_name(got), got == OB_OK ? "" : ob_error_message(), words);
}

static void refused(const char *path, const char *value, const char *words) { refused_as(path, value, OB_INVALID_ARTIFACT, words); }

static void unchanged_is_read(void **state) {
  (void)state;
  if (read_json(graph) != OB_OK) fail_msg("%s", ob_error_message());
}

static void indices_out_of_their_table(void **state) {
  (void)state;
  refused("main", "7", "main");
  refused("main", "-1", "main");
  refused("graphs.0.inputs.0", "99", "inputs[0]");
  refused("graphs.0.inputs.0", "-1", "inputs[0]");
  refused("graphs.0.outputs.0", "1e3", "outputs[0]");
  refused("graphs.0.nodes.0.inputs.0", "4294967296", "inputs[0]");
  refused("graphs.0.nodes.0.outputs.0", "99", "outputs[0]");
  refused("graphs.0.nodes.0.region", "1", "region");
  refused("graphs.0.values.2.constant", "99", "constant");
  refused("regions.0.graph", "2", "graph");
  refused("regions.0.packed.0.constant", "-1", "constant");
}

static void wrong_kinds_and_missing_members(void **state) {
  (void)state;
  const char *const members[] = {"format", "version", "producer", "metadata", "symbols", "guards", "main", "regions", "constants", "graphs",
                                 "graphs.0.name", "graphs.0.values", "graphs.0.nodes", "graphs.0.inputs", "graphs.0.outputs",
                                 "graphs.0.nodes.0.op", "graphs.0.nodes.0.domain", "graphs.0.nodes.0.since", "graphs.0.nodes.0.inputs",
                                 "graphs.0.nodes.0.attributes", "graphs.0.values.0.name", "graphs.0.values.0.type", "constants.0.name",
                                 "constants.0.dtype", "constants.0.shape", "regions.0.symbol", "regions.0.engine", "regions.0.graph",
                                 "regions.0.packed", "regions.0.packed.0.tensor", "symbols.0.name", "symbols.0.source"};
  const char *const values[] = {"-", "null", "true", "-7", "1.5", "\"x\"", "[[[]]]", "{\"a\": {}}"};
  for (size_t m = 0; m < sizeof members / sizeof *members; m++)
    for (size_t v = 0; v < sizeof values / sizeof *values; v++) {
      json_t *json = changed(members[m], values[v]);
      ob_status_t status = read_json(json);
      bool fine = v == 5 || (v == 7 && strstr(members[m], "type")); /* a string may be a name, an object a type that is not known */
      if (!fine && status != OB_INVALID_ARTIFACT && status != OB_UNSUPPORTED) fail_msg("%s = %s: %s", members[m], values[v], ob_status_name(status));
      json_decref(json);
    }
}

static void versions_and_operators(void **state) {
  (void)state;
  refused("format", "\"tvm\"", "expected 'outboard'");
  refused("version", "\"one\"", "no version");
  refused_as("version", "\"2.0\"", OB_UNSUPPORTED, "compile the model again");
  refused_as("graphs.1.nodes.0.op", "\"Frobnicate\"", OB_UNSUPPORTED, "Frobnicate");
  refused_as("graphs.1.nodes.0.domain", "\"com.x\"", OB_UNSUPPORTED, "com.x");
  refused_as("graphs.1.nodes.0.since", "3", OB_UNSUPPORTED, "opset 3");
}

static void types_and_sizes(void **state) {
  (void)state;
  refused("constants.0.dtype", "\"float33\"", "float33");
  refused("constants.0.shape", "[3, 6]", "bytes");
  refused("constants.0.shape", "[-3, -5]", "negative");
  refused("constants.0.shape", "[4294967296, 4294967296, 4294967296]", "overflows");
  refused("constants.0.shape", "[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,15]", "rank 33");
  refused("constants.0.tensor", "\"nothing\"", "expected");
  refused("constants.0.tensor", "\"outboard.graph\"", "expected");
  refused("constants.0.name", "\"nothing\"", "expected 'nothing'");
  refused("constants.1.name", "\"w\"", "two constants");
  refused("graphs.0.values.0.type.dtype", "\"float33\"", "float33");
  refused("graphs.0.values.0.type.shape", "[-1]", "negative");
  refused("graphs.0.values.0.type", "{\"kind\": \"set\"}", "set");
  refused("graphs.0.values.0.content", "[1, 2]", "content");
  refused("graphs.0.values.0.type",
          "{\"kind\":\"sequence\",\"element\":{\"kind\":\"sequence\",\"element\":{\"kind\":\"sequence\",\"element\":{\"kind\":\"sequence\",\"element\":"
          "{\"kind\":\"sequence\",\"element\":{\"kind\":\"sequence\",\"element\":{\"kind\":\"sequence\",\"element\":{\"kind\":\"sequence\",\"element\":"
          "{\"kind\":\"sequence\",\"element\":{\"kind\":\"sequence\"}}}}}}}}}}",
          "nested");
  refused("regions.0.packed.0.layout.order", "[1]", "permutation");
  refused("regions.0.packed.0.layout.order", "[0, 0]", "order");
  refused("regions.0.packed.0.layout.blocks", "[[0, 0]]", "block");
  refused("regions.0.packed.0.layout.blocks", "[[1, 16]]", "block");
  refused("regions.0.packed.0.layout.blocks", "[[0, 32]]", "needs 128");
  refused("regions.0.packed.0.layout.blocks", "[[0, 65536], [0, 65536], [0, 65536], [0, 65536]]", "overflow");
  refused("regions.0.packed.0.tensor", "\"w\"", "expected 'outboard.packed.0.0'");
  refused("regions.0.blob", "\"nothing\"", "expected 'outboard.blob.0'");
}

static void structure(void **state) {
  (void)state;
  refused("regions.0.graph", "0", "used twice");
  refused("graphs.0.nodes", "[]", "called by nothing");
  refused("graphs.0.values.1.name", "\"x\"", "two values");
  refused("graphs.0.inputs", "[0, 1]", "made by a node");
  refused("graphs.0.inputs", "[2]", "constant");
  refused("graphs.0.inputs", "[]", "read too early or from outside");
  refused("graphs.0.nodes.0.outputs", "[2]", "made twice");
  refused("graphs.0.nodes.0.inputs", "[1]", "");
  refused("graphs.0.nodes.0.inputs", "[0, 0]", "");
  refused("graphs.1.nodes.0.bodies", "{\"then_branch\": {\"graph\": 0, \"captures\": []}}", "");
  refused("graphs.1.nodes.0.attributes", "{\"a\": {\"int\": [1], \"ints\": [2]}}", "expected one of");
  refused("graphs.1.nodes.0.attributes", "{\"a\": {\"floats\": [\"many\"]}}", "no number");
  refused("graphs.1.nodes.0.attributes", "{\"a\": {\"strings\": [{\"bytes\": [256]}]}}", "");
  refused("graphs.1.nodes.0.attributes", "{\"a\": {\"tensor\": 99}}", "tensor");
}

static void expressions(void **state) {
  (void)state;
  static char text[100000];
  refused("graphs.0.values.0.type.shape", "[{\"expr\": \"M\"}]", "M");
  refused("graphs.0.values.0.type.shape", "[{\"expr\": \"N +\"}]", "");
  refused("graphs.0.values.0.type.shape", "[{\"expr\": \"1//0\"}]", "");
  refused("graphs.0.values.0.type.shape", "[{\"expr\": \"9223372036854775807 + 1\"}]", "");
  refused("graphs.0.values.0.type.shape", "[\"N\"]", "expected an integer");
  refused("graphs.0.values.0.type.shape", "[1.0]", "expected an integer");
  memset(text, '(', sizeof text);
  memcpy(text, "[{\"expr\": \"", 11);
  memcpy(text + sizeof text - 5, "\"}]", 4);
  refused("graphs.0.values.0.type.shape", text, "");
  memset(text + 11, '-', 5000);
  refused("graphs.0.values.0.type.shape", text, "");
  refused("symbols", "[{\"name\": \"N\", \"source\": \"free\"}, {\"name\": \"N\", \"source\": \"free\"}]", "two symbols");
  refused("symbols.0.name", "\"not a name\"", "symbol's name");
  refused("symbols.0.min", "-1", "min");
  refused("symbols.0.max", "-1", "max");
  refused("symbols.0.source", "{\"input\": 0, \"axis\": 32}", "axis");
  refused("guards", "[{\"expr\": \"M\", \"node\": \"\", \"reason\": \"\"}]", "guards[0]");
}

static void text_that_is_no_json(void **state) {
  (void)state;
  const char *const texts[] = {"", "{", "{}x", "[1e999]", "{\"a\": 99999999999999999999}", "{\"a\": NaN}", "{\"a\": 1, \"a\": 2}", "{\"\\ud800\": 1}",
                               "{\"a\\u0000b\": 1}", "{\"\xc0\x80\": 1}", "{\"format\": \"out\\u0000board\"}", "\xef\xbb\xbf{}", "nul", "\"text\""};
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
    if (read_text(texts[i], strlen(texts[i]), NULL) != OB_INVALID_ARTIFACT) fail_msg("read: %s", texts[i]);
  static char deep[100000];
  memset(deep, '[', sizeof deep);
  assert_int_equal(read_text(deep, sizeof deep, NULL), OB_INVALID_ARTIFACT);
  assert_non_null(strstr(ob_error_message(), "nested"));
}

/* Graphs one in another, each in the region of the one before: beyond any stack if they were followed. */
static void graphs_nested_without_end(void **state) {
  (void)state;
  enum { COUNT = 20000 };
  json_t *json = json_deep_copy(graph), *graphs = json_array(), *regions = json_array();
  for (int i = 0; i <= COUNT; i++) {
    json_t *node = i == COUNT ? NULL : json_pack("{s:s,s:s,s:s,s:i,s:[],s:[],s:{},s:i}", "name", "n", "op", ob_op_region.name, "domain", ob_op_region.domain,
                                                 "since", ob_op_region.since, "inputs", "outputs", "attributes", "region", i);
    json_t *nodes = json_array();
    if (node) json_array_append_new(nodes, node);
    json_array_append_new(graphs, json_pack("{s:s,s:[],s:[],s:[],s:o}", "name", "g", "inputs", "outputs", "values", "nodes", nodes));
    char symbol[32];
    snprintf(symbol, sizeof symbol, "ref_%d", i);
    if (node)
      json_array_append_new(regions, json_pack("{s:s,s:s,s:s,s:i,s:[]}", "symbol", symbol, "engine", "ref", "why", "", "graph", i + 1, "packed"));
  }
  json_object_set_new(json, "graphs", graphs);
  json_object_set_new(json, "regions", regions);
  json_object_set_new(json, "constants", json_array());
  assert_int_equal(read_json(json), OB_INVALID_ARTIFACT);
  if (!strstr(ob_error_message(), "nested deeper")) fail_msg("%s", ob_error_message());
  json_decref(json);
}

/* What a newer minor version adds is kept. */
static void unknown_members_are_kept(void **state) {
  (void)state;
  const char *const paths[] = {"new", "graphs.0.new", "graphs.0.nodes.0.new", "regions.0.new"};
  for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
    json_t *json = changed(paths[i], "{\"kept\": [1, 2.5, \"x\"]}"), *again;
    char *text = json_dumps(json, JSON_COMPACT);
    ob_module_t *module;
    if (read_text(text, strlen(text), &module) != OB_OK) fail_msg("%s: %s", paths[i], ob_error_message());
    assert_int_equal(ob_module_to_json(module, &again), OB_OK);
    assert_true(json_equal(json, again));
    ob_module_free(module);
    json_decref(again);
    json_decref(json);
    free(text);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(unchanged_is_read),      cmocka_unit_test(indices_out_of_their_table),
      cmocka_unit_test(wrong_kinds_and_missing_members), cmocka_unit_test(versions_and_operators),
      cmocka_unit_test(types_and_sizes),        cmocka_unit_test(structure),
      cmocka_unit_test(expressions),            cmocka_unit_test(text_that_is_no_json),
      cmocka_unit_test(graphs_nested_without_end), cmocka_unit_test(unknown_members_are_kept),
  };
  return cmocka_run_group_tests(tests, begin, end);
}
