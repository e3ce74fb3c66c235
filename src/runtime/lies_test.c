/* Artifacts that are well formed but lie about types, shapes, contents, guards or calls: refused, or run with what is true. */
#include "runtime/toy.h"

#include <stdio.h>

#include "runtime/model.h"

TOY(first)

static const char artifact[] = "build/lies_test.ob";
static toy_model_t toy;

/* y = -(a + b). */
static void build(const char *const *a_dims, const char *const *b_dims) {
  toy_begin(&toy);
  ob_value_t *a = toy_input(&toy, "a", 2, a_dims), *b = toy_input(&toy, "b", 2, b_dims);
  toy_finish(&toy, toy_apply(&toy, "Neg", "y", toy_apply(&toy, "Add", "sum", a, b), NULL));
}

static const char *const n_by_3[] = {"n", "3"}, *const m_by_3[] = {"m", "3"}, *const plain[] = {"4", "3"};

static int set_up(void **state) {
  (void)state;
  first_reset();
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  toy_end(&toy);
  remove(artifact);
  assert_int_equal(first.live, 0);
  return 0;
}

typedef struct module_view {
  ob_module_t *module;
  ob_graph_t *main, *body;
  ob_node_t *call;
} module_view_t;

/* Compiles, lets `lie` change the module, and saves that. */
static void save_lie(const char *engines, void (*lie)(const module_view_t *view)) {
  ob_model_t *model;
  assert_int_equal(toy_load_model(&toy, engines, NULL, &model), OB_OK);
  module_view_t view = {.module = model->module, .main = model->module->main, .body = model->module->regions.items[0]->body};
  view.call = view.main->nodes.items[0];
  lie(&view);
  assert_int_equal(ob_model_save(model, artifact), OB_OK);
  ob_model_close(model);
}

static ob_status_t open_artifact(ob_model_t **model) {
  ob_options_t options = {.struct_size = sizeof options, .threads = 1};
  return ob_model_open(artifact, &options, model);
}

static void refused(const char *words) {
  ob_model_t *model;
  assert_int_equal(open_artifact(&model), OB_INVALID_ARTIFACT);
  assert_message(words);
}

/* Runs the artifact on a of [n, columns] and b of [m, columns]. */
static ob_status_t run(int64_t n, int64_t m, int64_t columns, float *first_result) {
  static float numbers[4096] = {1};
  int64_t a_dims[] = {n, columns}, b_dims[] = {m, columns};
  ob_model_t *model;
  ob_context_t *context;
  ob_tensor_t inputs[] = {toy_tensor(numbers, 2, a_dims), toy_tensor(numbers, 2, b_dims)}, output = {0};
  assert_int_equal(open_artifact(&model), OB_OK);
  assert_int_equal(ob_context_create(ob_model_function(model, NULL), NULL, &context), OB_OK);
  ob_status_t status = ob_context_run(context, inputs, &output, NULL);
  if (status == OB_OK) *first_result = *(float *)output.data;
  ob_context_close(context);
  ob_model_close(model);
  return status;
}

static void set_dim(const module_view_t *view, ob_value_t *value, int axis, int64_t number) {
  const ob_expr_t **dims;
  assert_int_equal(OB_ARENA_ARRAY(&view->module->arena, (size_t)value->type.rank, &dims), OB_OK);
  memcpy(dims, value->type.dims, (size_t)value->type.rank * sizeof *dims);
  assert_int_equal(ob_expr_const(view->module->exprs, number, &dims[axis]), OB_OK);
  value->type.dims = dims;
}

static void double_dim(const module_view_t *view, ob_value_t *value) {
  const ob_expr_t **dims, *pair[2];
  assert_int_equal(OB_ARENA_ARRAY(&view->module->arena, (size_t)value->type.rank, &dims), OB_OK);
  memcpy(dims, value->type.dims, (size_t)value->type.rank * sizeof *dims);
  assert_int_equal(ob_expr_const(view->module->exprs, 2, &pair[0]), OB_OK);
  pair[1] = dims[0];
  assert_int_equal(ob_expr_make(view->module->exprs, OB_EXPR_PRODUCT, pair, 2, &dims[0]), OB_OK);
  value->type.dims = dims;
}

static ob_value_t *inner_sum(const module_view_t *view) { return view->body->nodes.items[0]->outputs[0]; }

/* ---------------------------------------------------------------- types */

static void truth(const module_view_t *view) { (void)view; }

static void the_truth_is_taken(void **state) {
  float result;
  (void)state;
  build(n_by_3, n_by_3);
  save_lie("first", truth);
  assert_int_equal(run(2, 2, 3, &result), OB_OK);
  assert_true(result == -2);
}

static void lie_dtype(const module_view_t *view) { inner_sum(view)->type.dtype = OB_INT64; }
static void lie_rank(const module_view_t *view) { inner_sum(view)->type.rank = 1; }
static void lie_kind(const module_view_t *view) { inner_sum(view)->type = (ob_type_t){.kind = OB_SEQUENCE, .element = &view->body->inputs.items[0]->type}; }
static void lie_dim(const module_view_t *view) { set_dim(view, inner_sum(view), 0, 4000); }

static void types_that_do_not_follow_are_refused(void **state) {
  void (*const lies[])(const module_view_t *) = {lie_dtype, lie_rank, lie_kind, lie_dim};
  (void)state;
  build(plain, plain);
  for (size_t i = 0; i < sizeof lies / sizeof *lies; i++) {
    save_lie("first", lies[i]);
    refused("node 'sum' (Add): ");
  }
}

static void lie_input(const module_view_t *view) { set_dim(view, view->body->inputs.items[1], 1, 7); }

static void bodies_that_cannot_be_are_refused(void **state) {
  (void)state;
  build(plain, plain);
  save_lie("first", lie_input);
  refused("node 'sum' (Add)");
}

/* 2n where n is true: as long as nobody knows n, it may be right. */
static void lie_symbol(const module_view_t *view) { double_dim(view, inner_sum(view)); }

static void lie_symbol_outside_too(const module_view_t *view) {
  double_dim(view, view->body->outputs.items[0]);
  double_dim(view, view->call->outputs[0]);
}

static void shapes_that_may_be_are_found_out(void **state) {
  float result;
  (void)state;
  build(n_by_3, n_by_3);
  save_lie("first", lie_symbol);
  assert_int_equal(run(5, 5, 3, &result), OB_OK); /* what is true counts */
  assert_true(result == -2);
  save_lie("first", lie_symbol_outside_too);
  assert_int_equal(run(5, 5, 3, &result), OB_INVALID_ARGUMENT);
  assert_message("axis 0 of 'y' comes to 5");
}

/* ---------------------------------------------------------------- calls */

static void lie_call_dims(const module_view_t *view) { set_dim(view, view->main->inputs.items[0], 1, 40), set_dim(view, view->main->inputs.items[1], 1, 40); }
static void lie_call_dtype(const module_view_t *view) { view->main->inputs.items[0]->type.dtype = OB_INT8; }
static void lie_call_count(const module_view_t *view) { view->call->input_count = 1; }

static void calls_are_checked_against_regions(void **state) {
  float result;
  (void)state;
  build(n_by_3, n_by_3);
  save_lie("first", lie_call_dims);
  assert_int_equal(run(2, 2, 40, &result), OB_INVALID_ARGUMENT);
  assert_message("axis 1 of 'y' comes to 40");
  save_lie("first", lie_call_dtype);
  refused("the call of region 'first_0' has other inputs or outputs than the region");
  save_lie("first", lie_call_count);
  refused("first_0");
}

/* ---------------------------------------------------------------- guards */

static void lie_guards(const module_view_t *view) { view->module->guards.count = 0; }

static void guards_that_were_left_out_still_hold(void **state) {
  float result;
  (void)state;
  build(n_by_3, m_by_3);
  save_lie("first", lie_guards);
  assert_int_equal(run(4, 4, 3, &result), OB_OK);
  assert_true(result == -2);
  assert_int_equal(run(4, 3, 3, &result), OB_INVALID_ARGUMENT);
}

/* ---------------------------------------------------------------- contents */

static void set_dims(ob_value_t *value, int32_t rank, ob_dtype_t dtype, const ob_expr_t *const *dims) {
  assert_int_equal(ob_type_tensor(toy.module, dtype, rank, dims, &value->type), OB_OK);
}

/* y = Reshape(x of shape [n], shape of two elements), on the engine ref, which reads what it finds. */
static void build_reshape(void) {
  static const char *const dims[] = {"n"};
  const ob_expr_t *two;
  ob_value_t *shape;
  toy_begin(&toy);
  ob_value_t *x = toy_input(&toy, "x", 1, dims);
  assert_int_equal(ob_expr_const(toy.module->exprs, 2, &two), OB_OK);
  assert_int_equal(ob_value_create(toy.module->main, "shape", &shape), OB_OK);
  set_dims(shape, 1, OB_INT64, &two);
  assert_int_equal(ob_graph_add_input(toy.module->main, shape), OB_OK);
  toy_finish(&toy, toy_apply(&toy, "Reshape", "y", x, shape));
}

static ob_status_t run_reshape(int64_t rows) {
  float numbers[8] = {0};
  int64_t n = 8, shape[] = {rows, 4}, two = 2;
  ob_model_t *model;
  ob_context_t *context;
  ob_tensor_t inputs[] = {toy_tensor(numbers, 1, &n), {.dtype = OB_INT64, .rank = 1, .dims = &two, .data = shape, .bytes = 16}}, output = {0};
  assert_int_equal(open_artifact(&model), OB_OK);
  assert_int_equal(ob_context_create(ob_model_function(model, NULL), NULL, &context), OB_OK);
  ob_status_t status = ob_context_run(context, inputs, &output, NULL);
  if (status == OB_OK) assert_int_equal(output.bytes, 32);
  ob_context_close(context);
  ob_model_close(model);
  return status;
}

/* Inside and outside, the second input is said to be [2, 4]. */
static void lie_content(const module_view_t *view) {
  ob_value_t *values[] = {view->main->inputs.items[1], view->body->inputs.items[1]};
  const ob_expr_t **content;
  assert_int_equal(OB_ARENA_ARRAY(&view->module->arena, 2, &content), OB_OK);
  for (int i = 0; i < 2; i++) assert_int_equal(ob_expr_const(view->module->exprs, 2 + 2 * i, &content[i]), OB_OK);
  for (int i = 0; i < 2; i++) values[i]->content = content, values[i]->content_count = 2;
  ob_value_t *outputs[] = {view->call->outputs[0], view->body->outputs.items[0]};
  for (int i = 0; i < 2; i++) assert_int_equal(ob_type_tensor(view->module, OB_FLOAT32, 2, content, &outputs[i]->type), OB_OK);
}

static void contents_are_compared_with_what_comes(void **state) {
  (void)state;
  build_reshape();
  save_lie("ref", lie_content);
  assert_int_equal(run_reshape(2), OB_OK);
  assert_int_equal(run_reshape(1000000), OB_INVALID_ARGUMENT);
  assert_message("'shape' element 0 must be 2, found 1000000");
}

int main(void) {
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
  const struct CMUnitTest tests[] = {
      TEST(the_truth_is_taken),
      TEST(types_that_do_not_follow_are_refused),
      TEST(bodies_that_cannot_be_are_refused),
      TEST(shapes_that_may_be_are_found_out),
      TEST(calls_are_checked_against_regions),
      TEST(guards_that_were_left_out_still_hold),
      TEST(contents_are_compared_with_what_comes),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
