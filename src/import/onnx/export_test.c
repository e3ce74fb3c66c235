/* Exporting sizes that depend on symbols, numbers of a binding in their place, and the operator set that is stated. */
#include "runtime/toy.h"

#include "import/onnx/export.h"
#include "op/view.h"

static toy_model_t toy;
static ob_value_t *x, *y;

/* y = Reshape(x, [n * s, k]) with x of shape [n, s, k]: `k` is text. */
static void build(const char *rows, const char *columns) {
  const char *const dims[] = {"n", "s", "12"};
  const ob_expr_t *content[2];
  ob_value_t *to;
  toy_begin(&toy);
  x = toy_input(&toy, "x", 3, dims);
  assert_int_equal(ob_expr_parse(toy.module->exprs, rows, OB_INVALID_MODEL, &content[0]), OB_OK);
  assert_int_equal(ob_expr_parse(toy.module->exprs, columns, OB_INVALID_MODEL, &content[1]), OB_OK);
  assert_int_equal(ob_value_from_content(toy.module->main, "to", OB_INT64, false, content, 2, &to), OB_OK);
  y = toy_apply(&toy, "Reshape", "y", x, to);
  assert_int_equal(ob_graph_add_output(toy.module->main, y), OB_OK);
  assert_int_equal(ob_infer_graph(toy.module->main), OB_OK);
}

static int tear_down(void **state) {
  (void)state;
  ob_module_free(toy.module);
  return 0;
}

/* The dims of the exported model's output, after reading it again. */
static void expect_dims(const void *bytes, size_t size, const char *rows, const char *columns) {
  ob_module_t *again;
  const char *text;
  if (ob_import_onnx(bytes, size, NULL, &again) != OB_OK) fail_msg("%s", ob_error_message());
  const ob_type_t *type = &again->main->outputs.items[0]->type;
  assert_int_equal(type->rank, 2);
  assert_int_equal(ob_expr_text(again->exprs, type->dims[0], &text), OB_OK);
  assert_string_equal(text, rows);
  assert_int_equal(ob_expr_text(again->exprs, type->dims[1], &text), OB_OK);
  assert_string_equal(text, columns);
  ob_module_free(again);
}

static void sizes_become_nodes(void **state) {
  static const struct {
    const char *rows, *columns;
  } cases[] = {{"n*s", "12"}, {"n", "12*s"}, {"bcast(n, s)*s", "12"}, {"n*(s//2)", "24"}, {"n*s", "min(12, n + 12)"}};
  void *bytes;
  size_t size;
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    build(cases[i].rows, cases[i].columns);
    if (ob_export_onnx(toy.module->main, NULL, &bytes, &size) != OB_OK) fail_msg("%s: %s", cases[i].rows, ob_error_message());
    ob_module_t *again;
    if (ob_import_onnx(bytes, size, NULL, &again) != OB_OK) fail_msg("%s: %s", cases[i].rows, ob_error_message());
    /* the content is the same again, found by inference through the nodes */
    const ob_value_t *to = again->main->outputs.items[0]->producer->inputs[1];
    for (size_t e = 0; e < 2; e++) {
      const ob_expr_t *want;
      assert_non_null(to->content);
      assert_int_equal(ob_expr_parse(again->exprs, e == 0 ? cases[i].rows : cases[i].columns, OB_INVALID_MODEL, &want), OB_OK);
      if (strcmp(cases[i].rows, "bcast(n, s)*s") != 0) assert_true(ob_expr_equal(to->content[e], want));
    }
    ob_module_free(again);
    ob_free(ob_allocator_default(), bytes);
    if (i + 1 < sizeof cases / sizeof *cases) ob_module_free(toy.module);
  }
}

/* A divisor that may be 0 is not written: an integer division by it would end the process. */
static void divisors_are_numbers(void **state) {
  void *bytes;
  size_t size;
  (void)state;
  build("(12*n*s)//s", "s");
  ob_status_t status = ob_export_onnx(toy.module->main, NULL, &bytes, &size);
  if (status == OB_OK) { /* simplified away */
    ob_free(ob_allocator_default(), bytes);
    ob_module_free(toy.module);
    build("(12*n)//s", "s*s");
    status = ob_export_onnx(toy.module->main, NULL, &bytes, &size);
  }
  assert_int_equal(status, OB_UNSUPPORTED);
  assert_null(bytes);
  assert_non_null(strstr(ob_error_message(), "'to'"));
}

static void numbers_of_a_binding_take_their_place(void **state) {
  ob_arena_t arena;
  ob_region_view_t *view;
  void *bytes;
  size_t size;
  (void)state;
  build("(12*n)//s", "s*s");
  ob_arena_init(&arena, ob_allocator_default());
  assert_int_equal(ob_view_create(toy.module->main, "r", NULL, &arena, &view), OB_OK);
  const int64_t x_dims[] = {2, 4, 12}, to_dims[] = {2}, y_dims[] = {6, 16}, to[] = {6, 16}, allowzero[] = {0};
  const int64_t *dims[3], *contents[3] = {0}, *ints[] = {allowzero, allowzero};
  int32_t ranks[3];
  for (size_t v = 0; v < view->value_count; v++) {
    bool is_x = view->values[v]->is_input, is_y = view->values[v]->is_output;
    dims[v] = is_x ? x_dims : is_y ? y_dims : to_dims;
    ranks[v] = is_x ? 3 : is_y ? 2 : 1;
    contents[v] = is_x || is_y ? NULL : to;
  }
  const int64_t *const *const attributes[] = {ints};
  ob_binding_t binding = {sizeof binding, view, 1, dims, ranks, contents, attributes};
  if (ob_export_onnx_bound(toy.module->main, &binding, NULL, &bytes, &size) != OB_OK) fail_msg("%s", ob_error_message());
  expect_dims(bytes, size, "6", "16");
  ob_free(ob_allocator_default(), bytes);
  ob_arena_free(&arena);
}

/* ---------------------------------------------------------------- operator sets */

/* The opset that a graph of one node states. */
static int64_t opset_of(const char *op, ob_dtype_t dtype) {
  static const int64_t dims[] = {2};
  ob_exported_graph_t graph = {0};
  const ob_expr_t *dim;
  ob_value_t *in;
  toy_begin(&toy);
  assert_int_equal(ob_expr_const(toy.module->exprs, dims[0], &dim), OB_OK);
  const char *const texts[] = {"2"};
  in = toy_input(&toy, "x", 1, texts);
  in->type.dtype = dtype;
  toy_apply(&toy, op, "y", in, NULL);
  graph.graph = toy.module->main;
  int64_t opset = ob_export_opset(&graph);
  ob_module_free(toy.module);
  return opset;
}

static void opsets_are_as_old_as_they_can_be(void **state) {
  (void)state;
  assert_int_equal(opset_of("Relu", OB_FLOAT32), 24);
  assert_int_equal(opset_of("Celu", OB_FLOAT32), 24);
  assert_int_equal(opset_of("Celu", OB_FLOAT64), 28);
  assert_int_equal(opset_of("Identity", OB_FLOAT32), 24);
  assert_int_equal(opset_of("Identity", OB_INT2), 25);
  assert_int_equal(opset_of("Identity", OB_FLOAT6E2M3), 28);
  build("n", "12*s");
}

int main(void) {
#define TEST(f) cmocka_unit_test_teardown(f, tear_down)
  const struct CMUnitTest tests[] = {TEST(sizes_become_nodes), TEST(divisors_are_numbers), TEST(numbers_of_a_binding_take_their_place),
                                     TEST(opsets_are_as_old_as_they_can_be)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
