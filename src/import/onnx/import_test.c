/* The importer's interface from C: models made with the wire writer, data used in place, folders, statuses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <outboard/outboard.h>

#include "import/onnx/onnx.h"
#include "import/onnx/wire_writer.h"

enum { LARGE = 1 << 15 }; /* floats: too many to be copied for their alignment */

typedef struct recipe {
  const char *op;
  int64_t opset;
  bool external;
} recipe_t;

static void put_value(ob_wire_writer_t *w, uint32_t field, const char *name) {
  ob_wire_nested_t info = ob_wire_begin(w, field);
  ob_wire_put_text(w, 1, name);
  ob_wire_nested_t type = ob_wire_begin(w, 2), tensor = ob_wire_begin(w, 1);
  ob_wire_put_int(w, 1, OB_FLOAT32);
  ob_wire_nested_t shape = ob_wire_begin(w, 2), dim = ob_wire_begin(w, 1);
  ob_wire_put_text(w, 2, "n");
  ob_wire_end(w, dim);
  dim = ob_wire_begin(w, 1);
  ob_wire_put_int(w, 1, LARGE);
  ob_wire_end(w, dim);
  ob_wire_end(w, shape);
  ob_wire_end(w, tensor);
  ob_wire_end(w, type);
  ob_wire_end(w, info);
}

static void put_entry(ob_wire_writer_t *w, uint32_t field, const char *key, const char *value) {
  ob_wire_nested_t entry = ob_wire_begin(w, field);
  ob_wire_put_text(w, 1, key);
  ob_wire_put_text(w, 2, value);
  ob_wire_end(w, entry);
}

static void put_weights(ob_wire_writer_t *w, bool external) {
  static const float data[LARGE] = {1.0f, 2.0f};
  ob_wire_nested_t tensor = ob_wire_begin(w, 5);
  ob_wire_put_int(w, 1, LARGE);
  ob_wire_put_int(w, 2, OB_FLOAT32);
  ob_wire_put_text(w, 8, "weights");
  if (external) {
    put_entry(w, 13, "location", "weights.bin");
    ob_wire_put_int(w, 14, 1);
  } else {
    ob_wire_put_bytes(w, 9, data, sizeof data);
  }
  ob_wire_end(w, tensor);
}

static void put_model(ob_wire_writer_t *w, const recipe_t *recipe) {
  w->size = w->next = 0;
  ob_wire_put_int(w, 1, 8);
  ob_wire_put_text(w, 2, "tool");
  ob_wire_put_text(w, 3, "1.2");
  ob_wire_nested_t graph = ob_wire_begin(w, 7), node = ob_wire_begin(w, 1);
  ob_wire_put_text(w, 1, "x");
  ob_wire_put_text(w, 1, "weights");
  ob_wire_put_text(w, 2, "y");
  ob_wire_put_text(w, 3, "node");
  ob_wire_put_text(w, 4, recipe->op);
  ob_wire_end(w, node);
  ob_wire_put_text(w, 2, "graph");
  put_weights(w, recipe->external);
  put_value(w, 11, "x");
  put_value(w, 12, "y");
  ob_wire_end(w, graph);
  ob_wire_nested_t opset = ob_wire_begin(w, 8);
  ob_wire_put_int(w, 2, recipe->opset);
  ob_wire_end(w, opset);
  put_entry(w, 14, "author", "nobody");
}

/* A model in a block of exactly its size. */
static uint8_t *make_model(recipe_t recipe, size_t *size) {
  ob_wire_writer_t w = {.allocator = ob_allocator_default()};
  put_model(&w, &recipe);
  assert_int_equal(w.status, OB_OK);
  w.out = malloc(w.size);
  put_model(&w, &recipe);
  ob_array_free(w.allocator, &w.sizes);
  *size = w.size;
  return w.out;
}

static void data_is_used_in_place(void **state) {
  (void)state;
  size_t size;
  ob_module_t *module;
  uint8_t *bytes = make_model((recipe_t){"Add", 17, false}, &size);
  assert_int_equal(ob_import_onnx(bytes, size, NULL, &module), OB_OK);
  assert_int_equal(module->constants.count, 1);
  const ob_constant_t *weights = module->constants.items[0];
  assert_string_equal(weights->name, "weights");
  assert_true((const uint8_t *)weights->data > bytes && (const uint8_t *)weights->data < bytes + size);
  assert_string_equal(module->producer, "tool 1.2");
  assert_int_equal(module->metadata.count, 2);
  assert_string_equal(module->metadata.items[0], "author");
  assert_string_equal(module->metadata.items[1], "nobody");
  assert_string_equal(module->main->name, "graph");
  assert_string_equal(module->main->nodes.items[0]->name, "node");
  assert_int_equal(module->main->inputs.items[0]->type.rank, 2);
  assert_non_null(ob_expr_symbol_find(module->exprs, "n"));
  assert_int_equal(ob_graph_check(module->main), OB_OK);
  ob_module_free(module);
  free(bytes);
}

static void errors_have_a_status(void **state) {
  (void)state;
  static const struct {
    recipe_t recipe;
    ob_status_t status;
    const char *words;
  } cases[] = {
      {{"Nonsense", 17, false}, OB_UNSUPPORTED, "Nonsense"},     {{"Add", 0, false}, OB_INVALID_MODEL, "version 0"},
      {{"Add", 99, false}, OB_UNSUPPORTED, "opset 28"},          {{"Relu", 17, false}, OB_INVALID_MODEL, "node"},
      {{"Add", 17, true}, OB_INVALID_MODEL, "without a folder"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    size_t size;
    ob_module_t *module = (ob_module_t *)&size;
    uint8_t *bytes = make_model(cases[i].recipe, &size);
    assert_int_equal(ob_import_onnx(bytes, size, NULL, &module), cases[i].status);
    assert_null(module);
    if (!strstr(ob_error_message(), cases[i].words)) fail_msg("%s", ob_error_message());
    free(bytes);
  }
}

static void write_file(const char *path, const void *data, size_t size) {
  FILE *file = fopen(path, "wb");
  assert_non_null(file);
  assert_int_equal(fwrite(data, 1, size, file), size);
  fclose(file);
}

/* Bytes find external data in the folder that the caller names; a file finds it beside itself. */
static void external_data_needs_a_folder(void **state) {
  (void)state;
  char folder[] = "/tmp/import_test.XXXXXX", path[64];
  size_t size;
  ob_module_t *module;
  static float weights[LARGE];
  assert_non_null(mkdtemp(folder));
  uint8_t *bytes = make_model((recipe_t){"Add", 17, true}, &size);
  ob_import_options_t options = {.base_dir = folder};
  assert_int_equal(ob_import_onnx(bytes, size, &options, &module), OB_NOT_FOUND);
  snprintf(path, sizeof path, "%s/weights.bin", folder);
  weights[3] = 4.0f;
  write_file(path, weights, sizeof weights);
  assert_int_equal(ob_import_onnx(bytes, size, &options, &module), OB_OK);
  assert_memory_equal(module->constants.items[0]->data, weights, sizeof weights);
  ob_module_free(module);
  char model[64];
  snprintf(model, sizeof model, "%s/model.onnx", folder);
  write_file(model, bytes, size);
  assert_int_equal(ob_import_onnx_file(model, NULL, &module), OB_OK);
  assert_int_equal(module->mappings.count, 2);
  ob_module_free(module);
  unlink(path), unlink(model), rmdir(folder);
  assert_int_equal(ob_import_onnx_file(model, NULL, &module), OB_NOT_FOUND);
  free(bytes);
}

static void exported_is_imported(void **state) {
  (void)state;
  size_t size, exported;
  void *out;
  ob_module_t *module, *again;
  uint8_t *bytes = make_model((recipe_t){"Mul", 7, false}, &size);
  assert_int_equal(ob_import_onnx(bytes, size, NULL, &module), OB_OK);
  assert_int_equal(ob_export_onnx(module->main, NULL, &out, &exported), OB_OK);
  assert_true(ob_onnx_looks_like(out, exported));
  assert_int_equal(ob_import_onnx(out, exported, NULL, &again), OB_OK);
  assert_string_equal(again->main->outputs.items[0]->name, "y");
  assert_int_equal(again->main->nodes.count, module->main->nodes.count);
  ob_module_free(again);
  ob_module_free(module);
  ob_free(ob_allocator_default(), out);
  free(bytes);
}

static void looks(void **state) {
  (void)state;
  assert_true(ob_onnx_looks_like("\x08\x08\x12\x04tool", 8));
  assert_true(ob_onnx_looks_like("\x12\x04tool\x3a\x00", 8));
  assert_false(ob_onnx_looks_like("\x40\x00\x00\x00\x00\x00\x00\x00{\"a\"", 12));
  assert_false(ob_onnx_looks_like("\x08\x00\x00\x00\x00\x00\x00\x00{}      ", 16));
  assert_false(ob_onnx_looks_like("", 0));
  assert_false(ob_onnx_looks_like("\x89PNG", 4));
  assert_false(ob_onnx_looks_like("{\"a\": 1}", 8));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(data_is_used_in_place),
      cmocka_unit_test(errors_have_a_status),
      cmocka_unit_test(external_data_needs_a_folder),
      cmocka_unit_test(exported_is_imported),
      cmocka_unit_test(looks),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
