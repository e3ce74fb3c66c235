/* Tests of inference: what a node is told when it is wrong, contents, guards, unknown sizes, bodies. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <outboard/outboard.h>

#include "op/op.h"

/* ---------------------------------------------------------------- building graphs */

typedef struct rig {
  ob_module_t *module;
  ob_graph_t *graph;
} rig_t;

static rig_t make_rig(void) {
  rig_t rig = {NULL, NULL};
  assert_int_equal(ob_module_create(NULL, &rig.module), OB_OK);
  assert_int_equal(ob_graph_create(rig.module, "main", &rig.graph), OB_OK);
  rig.module->main = rig.graph;
  return rig;
}

/* A tensor whose dims are texts: "N", "3", "2*N". */
static ob_value_t *tensor(const rig_t *rig, ob_graph_t *graph, const char *name, ob_dtype_t dtype, int32_t rank, ...) {
  ob_value_t *value;
  const ob_expr_t *dims[OB_MAX_RANK];
  va_list args;
  assert_int_equal(ob_value_create(graph, name, &value), OB_OK);
  va_start(args, rank);
  for (int32_t i = 0; i < rank; i++) {
    const char *text = va_arg(args, const char *);
    const ob_expr_t *symbol;
    if (strspn(text, "0123456789") == 0 && strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") == strlen(text) &&
        !ob_expr_symbol_find(rig->module->exprs, text))
      assert_int_equal(ob_expr_symbol(rig->module->exprs, text, OB_SYMBOL_DIM, 0, (uint32_t)i, &symbol), OB_OK);
    assert_int_equal(ob_expr_parse(rig->module->exprs, text, OB_INVALID_MODEL, &dims[i]), OB_OK);
  }
  va_end(args);
  assert_int_equal(ob_type_tensor(rig->module, dtype, rank, dims, &value->type), OB_OK);
  return value;
}

static ob_value_t *input(const rig_t *rig, const char *name, ob_dtype_t dtype, const char *d0, const char *d1, const char *d2) {
  const char *dims[] = {d0, d1, d2};
  int32_t rank = 0;
  while (rank < 3 && dims[rank]) rank++;
  ob_value_t *value = tensor(rig, rig->graph, name, dtype, rank, d0, d1, d2);
  assert_int_equal(ob_graph_add_input(rig->graph, value), OB_OK);
  return value;
}

/* A constant vector of int64. */
static ob_value_t *numbers(const rig_t *rig, size_t count, const int64_t *items) {
  void *data;
  const ob_constant_t *constant;
  ob_value_t *value;
  const int64_t dims[] = {(int64_t)count};
  assert_int_equal(ob_constant_allocate(rig->module, "numbers", OB_INT64, 1, dims, &data, &constant), OB_OK);
  memcpy(data, items, count * sizeof *items);
  assert_int_equal(ob_value_from_constant(rig->graph, constant, &value), OB_OK);
  return value;
}

static ob_node_t *node_in(ob_graph_t *graph, const char *op, size_t outputs, size_t count, ob_value_t *const *inputs) {
  ob_node_t *node;
  assert_non_null(ob_op_find("", op));
  assert_int_equal(ob_node_create(graph, ob_op_find("", op), op, count, outputs, &node), OB_OK);
  for (size_t i = 0; i < count; i++) node->inputs[i] = inputs[i];
  for (size_t i = 0; i < outputs; i++) {
    ob_value_t *value;
    assert_int_equal(ob_value_create(graph, op, &value), OB_OK);
    ob_node_set_output(node, i, value);
  }
  return node;
}

#define NODE(rig, op, ...) \
  node_in((rig).graph, (op), 1, sizeof((ob_value_t *[]){__VA_ARGS__}) / sizeof(ob_value_t *), (ob_value_t *[]){__VA_ARGS__})

/* Inference works and the output is of this type. */
static ob_value_t *assert_type(ob_node_t *node, const char *expected) {
  ob_str_t text;
  ob_status_t status = ob_infer_node(node);
  if (status != OB_OK) print_message("%s\n", ob_error_message());
  assert_int_equal(status, OB_OK);
  ob_str_init(&text, ob_allocator_default());
  ob_type_print(node->graph->module->exprs, &node->outputs[0]->type, &text);
  assert_string_equal(text.text, expected);
  ob_str_free(&text);
  return node->outputs[0];
}

/* The content's elements, one after the other. */
static void assert_content(const rig_t *rig, const ob_value_t *value, const char *expected) {
  ob_str_t text;
  assert_non_null(value->content);
  ob_str_init(&text, ob_allocator_default());
  for (size_t i = 0; i < value->content_count; i++) {
    if (i > 0) ob_str_append(&text, ", ");
    ob_expr_print(rig->module->exprs, value->content[i], &text);
  }
  assert_string_equal(text.text, expected);
  ob_str_free(&text);
}

static void assert_refused(ob_node_t *node, const char *words) {
  assert_int_equal(ob_infer_node(node), OB_INVALID_MODEL);
  if (!strstr(ob_error_message(), words)) print_message("%s\n", ob_error_message());
  assert_non_null(strstr(ob_error_message(), words));
  assert_non_null(strstr(ob_error_message(), node->op->name));
}

/* ---------------------------------------------------------------- the table */

static void test_table(void **state) {
  (void)state;
  for (size_t i = 0; i < ob_op_count(); i++) {
    const ob_op_t *op = ob_op_at(i);
    assert_ptr_equal(ob_op_find(op->domain, op->name), op);
    assert_non_null(op->infer);
  }
  assert_ptr_equal(ob_op_find("ai.onnx", "Add"), ob_op_find("", "Add"));
  assert_null(ob_op_find("", "Ad"));
  assert_null(ob_op_find("", "Adds"));
  assert_null(ob_op_find("com.example", "Add"));
  assert_ptr_equal(ob_op_find(ob_op_region.domain, ob_op_region.name), &ob_op_region);
}

static void test_attributes(void **state) {
  (void)state;
  rig_t rig = make_rig();
  ob_node_t *node = NODE(rig, "Softmax", input(&rig, "x", OB_FLOAT32, "N", "3", NULL));
  int64_t value;
  assert_int_equal(ob_node_int(node, "axis", 7, &value), OB_OK);
  assert_int_equal(value, -1);
  assert_int_equal(ob_node_int(node, "nothing", 7, &value), OB_OK);
  assert_int_equal(value, 7);
  assert_int_equal(ob_node_set_int(node, "axis", 1), OB_OK);
  assert_int_equal(ob_node_int(node, "axis", 7, &value), OB_OK);
  assert_int_equal(value, 1);
  ob_module_free(rig.module);
}

/* ---------------------------------------------------------------- what is wrong */

static void test_checks(void **state) {
  (void)state;
  rig_t rig = make_rig();
  ob_value_t *x = input(&rig, "x", OB_FLOAT32, "N", "3", NULL), *y = input(&rig, "y", OB_INT64, "N", "3", NULL);
  ob_value_t *text = input(&rig, "s", OB_STRING, "N", NULL, NULL);
  assert_refused(NODE(rig, "Add", x), "1 inputs, expected 2");
  assert_refused(NODE(rig, "Relu", x, x), "2 inputs, expected 1");
  assert_refused(NODE(rig, "Add", x, NULL), "input 1 ('B') is left out");
  assert_refused(NODE(rig, "Add", x, y), "input 1 ('B') is int64, expected float32");
  assert_refused(NODE(rig, "Relu", text), "input 0 ('X') is string, expected");
  ob_node_t *node = NODE(rig, "Softmax", x);
  assert_int_equal(ob_node_set_int(node, "axes", 1), OB_OK);
  assert_refused(node, "no attribute 'axes'");
  node = NODE(rig, "Softmax", x);
  assert_int_equal(ob_node_set_float(node, "axis", 1), OB_OK);
  assert_refused(node, "attribute 'axis' is a float, expected an integer");
  node = NODE(rig, "Softmax", x);
  assert_int_equal(ob_node_set_int(node, "axis", 2), OB_OK);
  assert_refused(node, "'axis' is 2, expected -2 to 1 for a tensor of rank 2");
  assert_refused(NODE(rig, "Concat", x, x), "attribute 'axis' is missing");
  assert_refused(NODE(rig, "MatMul", input(&rig, "a", OB_FLOAT32, "2", "3", NULL), input(&rig, "b", OB_FLOAT32, "4", "5", NULL)),
                 "3 and 4 should be equal");
  assert_refused(node_in(rig.graph, "Relu", 2, 1, &x), "2 outputs, expected 1");
  assert_refused(NODE(rig, "If", input(&rig, "c", OB_BOOL, NULL, NULL, NULL)), "subgraph 'else_branch' is missing");
  ob_module_free(rig.module);
}

static void test_names_are_quoted(void **state) {
  (void)state;
  rig_t rig = make_rig();
  ob_node_t *node;
  assert_int_equal(ob_node_create(rig.graph, ob_op_find("", "Add"), "a\033[31m%s\n", 0, 1, &node), OB_OK);
  assert_int_equal(ob_infer_node(node), OB_INVALID_MODEL);
  assert_null(strchr(ob_error_message(), '\033'));
  ob_module_free(rig.module);
}

static void test_contradictions(void **state) {
  (void)state;
  rig_t rig = make_rig();
  ob_value_t *x = input(&rig, "x", OB_FLOAT32, "2", "3", NULL);
  ob_node_t *node = NODE(rig, "Relu", x);
  node->outputs[0]->type = tensor(&rig, rig.graph, "t", OB_FLOAT32, 2, "2", "4")->type;
  assert_refused(node, "axis 1 of output 0 has the size 3, but the model says 4");
  node->outputs[0]->type = tensor(&rig, rig.graph, "t", OB_FLOAT32, 1, "2")->type;
  assert_refused(node, "output 0 has rank 2, but the model says 1");
  node->outputs[0]->type = tensor(&rig, rig.graph, "t", OB_FLOAT16, 2, "2", "3")->type;
  assert_refused(node, "output 0 is float32, but the model says float16");
  node->outputs[0]->type = tensor(&rig, rig.graph, "t", OB_FLOAT32, 2, "N", "3")->type;
  assert_type(node, "float32[2, 3]");
  ob_module_free(rig.module);
}

/* ---------------------------------------------------------------- expressions */

static void test_shape_chain(void **state) {
  (void)state;
  rig_t rig = make_rig();
  ob_value_t *x = input(&rig, "x", OB_FLOAT32, "N", "H", "4");
  ob_value_t *shape = assert_type(NODE(rig, "Shape", x), "int64[3]");
  assert_content(&rig, shape, "N, H, 4");
  ob_value_t *first = assert_type(NODE(rig, "Gather", shape, numbers(&rig, 1, (int64_t[]){-2})), "int64[1]");
  assert_content(&rig, first, "H");
  ob_value_t *half = assert_type(NODE(rig, "Div", first, numbers(&rig, 1, (int64_t[]){2})), "int64[1]");
  assert_content(&rig, half, "H//2");
  ob_node_t *concat = NODE(rig, "Concat", numbers(&rig, 1, (int64_t[]){-1}), first);
  assert_int_equal(ob_node_set_int(concat, "axis", 0), OB_OK);
  ob_value_t *target = assert_type(concat, "int64[2]");
  assert_type(NODE(rig, "Reshape", x, target), "float32[4*N, H]");
  assert_int_equal(rig.module->guards.count, 0);
  ob_module_free(rig.module);
}

static void test_reshape_guards(void **state) {
  (void)state;
  rig_t rig = make_rig();
  ob_value_t *x = input(&rig, "x", OB_FLOAT32, "N", "3", NULL);
  ob_node_t *node = NODE(rig, "Reshape", x, numbers(&rig, 2, (int64_t[]){-1, 4}));
  ob_value_t *y = assert_type(node, "float32[exactdiv(3*N, 4), 4]");
  assert_int_equal(rig.module->guards.count, 1);
  assert_type(node, "float32[exactdiv(3*N, 4), 4]");
  assert_int_equal(rig.module->guards.count, 1); /* not a second time */
  int64_t value;
  assert_int_equal(ob_expr_eval(rig.module->guards.items[0].expr, (int64_t[]){8}, &value), OB_OK);
  assert_int_equal(value, 1);
  assert_int_equal(ob_expr_eval(rig.module->guards.items[0].expr, (int64_t[]){7}, &value), OB_OK);
  assert_int_equal(value, 0);
  assert_type(NODE(rig, "Reshape", y, numbers(&rig, 1, (int64_t[]){12})), "float32[12]");
  assert_int_equal(rig.module->guards.count, 2);
  assert_refused(NODE(rig, "Reshape", input(&rig, "z", OB_FLOAT32, "2", "3", NULL), numbers(&rig, 2, (int64_t[]){4, -1})),
                 "does not come out even: 6 elements over 4");
  assert_refused(NODE(rig, "Reshape", input(&rig, "z", OB_FLOAT32, "2", "3", NULL), numbers(&rig, 1, (int64_t[]){7})),
                 "as many elements");
  assert_refused(NODE(rig, "Reshape", x, numbers(&rig, 2, (int64_t[]){-1, -1})), "two elements of the shape are -1");
  assert_type(NODE(rig, "Reshape", x, numbers(&rig, 3, (int64_t[]){0, 1, -1})), "float32[N, 1, 3]");
  ob_module_free(rig.module);
}

static void test_division_is_towards_zero(void **state) {
  (void)state;
  rig_t rig = make_rig();
  ob_value_t *a = numbers(&rig, 4, (int64_t[]){-7, 7, -7, 7}), *b = numbers(&rig, 4, (int64_t[]){2, -2, -2, 2});
  assert_content(&rig, assert_type(NODE(rig, "Div", a, b), "int64[4]"), "-3, -3, 3, 3");
  assert_content(&rig, assert_type(NODE(rig, "Mod", a, b), "int64[4]"), "1, -1, -1, 1");
  ob_node_t *node = NODE(rig, "Mod", a, b);
  assert_int_equal(ob_node_set_int(node, "fmod", 1), OB_OK);
  assert_content(&rig, assert_type(node, "int64[4]"), "-1, 1, -1, 1");
  /* by zero it is an error when it runs, not before */
  ob_value_t *zero = assert_type(NODE(rig, "Div", a, numbers(&rig, 1, (int64_t[]){0})), "int64[4]");
  assert_null(zero->content);
  ob_value_t *shape = assert_type(NODE(rig, "Shape", input(&rig, "x", OB_FLOAT32, "N", NULL, NULL)), "int64[1]");
  ob_value_t *less = assert_type(NODE(rig, "Sub", shape, numbers(&rig, 1, (int64_t[]){5})), "int64[1]");
  ob_value_t *quotient = assert_type(NODE(rig, "Div", less, numbers(&rig, 1, (int64_t[]){2})), "int64[1]");
  int64_t value;
  for (int64_t n = 0; n < 12; n++) {
    assert_int_equal(ob_expr_eval(quotient->content[0], &n, &value), OB_OK);
    assert_int_equal(value, (n - 5) / 2);
  }
  ob_module_free(rig.module);
}

static void test_contents_fit_their_type(void **state) {
  (void)state;
  rig_t rig = make_rig();
  ob_value_t *large = numbers(&rig, 1, (int64_t[]){INT64_C(1) << 31});
  ob_node_t *cast = NODE(rig, "Cast", large);
  assert_int_equal(ob_node_set_int(cast, "to", OB_INT32), OB_OK);
  assert_null(assert_type(cast, "int32[1]")->content); /* wraps around at run time */
  ob_value_t *largest = numbers(&rig, 1, (int64_t[]){INT64_MAX});
  assert_null(assert_type(NODE(rig, "Add", largest, largest), "int64[1]")->content);
  ob_node_t *truth = NODE(rig, "Cast", numbers(&rig, 2, (int64_t[]){0, 5}));
  assert_int_equal(ob_node_set_int(truth, "to", OB_BOOL), OB_OK);
  assert_content(&rig, assert_type(truth, "bool[2]"), "0, 1");
  ob_module_free(rig.module);
}

static void test_slices(void **state) {
  (void)state;
  rig_t rig = make_rig();
  ob_value_t *x = input(&rig, "x", OB_FLOAT32, "N", "8", NULL);
  static const struct {
    int64_t start, end, axis, step;
    const char *type;
  } cases[] = {{0, INT64_MAX, 0, 1, "float32[N, 8]"},
               {1, INT32_MAX, 0, 1, "float32[max(N - 1, 0), 8]"},
               {0, -1, 0, 1, "float32[max(N - 1, 0), 8]"},
               {-1, INT64_MIN, 0, -1, "float32[N, 8]"},
               {0, 4, 0, 1, "float32[min(N, 4), 8]"},
               {1, 100, 1, 3, "float32[N, 3]"},
               {-3, INT64_MAX, 1, 1, "float32[N, 3]"},
               {7, 0, -1, -2, "float32[N, 4]"},
               {5, 2, 1, 1, "float32[N, 0]"},
               {INT64_MAX, INT64_MIN, 1, -1, "float32[N, 8]"},
               {0, INT64_MAX, 0, 2, "float32[(N + 1)//2, 8]"}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    assert_type(NODE(rig, "Slice", x, numbers(&rig, 1, &cases[i].start), numbers(&rig, 1, &cases[i].end),
                     numbers(&rig, 1, &cases[i].axis), numbers(&rig, 1, &cases[i].step)),
                cases[i].type);
  assert_refused(NODE(rig, "Slice", x, numbers(&rig, 1, (int64_t[]){0}), numbers(&rig, 1, (int64_t[]){1}),
                      numbers(&rig, 1, (int64_t[]){0}), numbers(&rig, 1, (int64_t[]){0})),
                 "a step is 0");
  ob_module_free(rig.module);
}

/* ---------------------------------------------------------------- unknown sizes */

static void test_unknown_sizes_keep_their_symbol(void **state) {
  (void)state;
  rig_t rig = make_rig();
  ob_value_t *x = input(&rig, "x", OB_FLOAT32, "N", "3", NULL);
  ob_node_t *places = NODE(rig, "NonZero", x);
  ob_value_t *y = assert_type(places, "int64[2, u_0]");
  ob_node_t *relu = NODE(rig, "Transpose", y);
  assert_type(relu, "int64[u_0, 2]");
  assert_int_equal(ob_infer_graph(rig.graph), OB_OK);
  assert_type(relu, "int64[u_0, 2]");
  /* a size that the model states is not believed where only the data tell it */
  ob_node_t *other = NODE(rig, "NonZero", x);
  other->outputs[0]->type = tensor(&rig, rig.graph, "t", OB_INT64, 2, "2", "1000")->type;
  assert_type(other, "int64[2, u_1]");
  /* a computed target gives its rank */
  ob_value_t *target = input(&rig, "target", OB_INT64, "3", NULL, NULL);
  assert_type(NODE(rig, "Reshape", x, target), "float32[u_2, u_3, u_4]");
  assert_type(NODE(rig, "Reshape", x, input(&rig, "any", OB_INT64, "K", NULL, NULL)), "float32[?]");
  ob_module_free(rig.module);
}

/* ---------------------------------------------------------------- bodies */

/* A body of one node over `inputs` formal inputs; captures come behind them. */
static ob_graph_t *make_body(const rig_t *rig, const char *op, size_t inputs, ob_value_t **values) {
  ob_graph_t *body;
  assert_int_equal(ob_graph_create(rig->module, "body", &body), OB_OK);
  for (size_t i = 0; i < inputs; i++) {
    assert_int_equal(ob_value_create(body, "in", &values[i]), OB_OK);
    assert_int_equal(ob_graph_add_input(body, values[i]), OB_OK);
  }
  if (op) {
    ob_node_t *node = node_in(body, op, 1, inputs, values);
    assert_int_equal(ob_graph_add_output(body, node->outputs[0]), OB_OK);
  }
  return body;
}

static ob_node_t *make_if(const rig_t *rig, ob_value_t *condition, ob_value_t *x, const char *no, const char *yes) {
  ob_value_t *values[1];
  ob_node_t *node = node_in(rig->graph, "If", 1, 1, &condition);
  static const char *const names[] = {"else_branch", "then_branch"};
  const char *const ops[] = {no, yes};
  assert_int_equal(ob_arena_alloc_array(&rig->module->arena, 2, sizeof *node->bodies, (void **)&node->bodies), OB_OK);
  node->body_count = 2;
  for (size_t i = 0; i < 2; i++) {
    node->bodies[i] = (ob_body_t){.attribute = names[i], .graph = make_body(rig, ops[i], 1, values), .capture_count = 1};
    assert_int_equal(ob_arena_alloc_array(&rig->module->arena, 1, sizeof x, (void **)&node->bodies[i].captures), OB_OK);
    node->bodies[i].captures[0] = x;
  }
  return node;
}

static void test_if(void **state) {
  (void)state;
  rig_t rig = make_rig();
  ob_value_t *x = input(&rig, "x", OB_FLOAT32, "N", "3", NULL), *c = input(&rig, "c", OB_BOOL, NULL, NULL, NULL);
  assert_type(make_if(&rig, c, x, "Relu", "Sigmoid"), "float32[N, 3]");
  assert_type(make_if(&rig, c, x, "Relu", "Transpose"), "float32[u_0, u_1]");
  assert_refused(make_if(&rig, c, x, "Shape", "Relu"), "output 0 is float32 in one branch and int64 in the other");
  /* a condition over the shapes decides sizes at bind */
  ob_value_t *small =
      assert_type(NODE(rig, "Less", assert_type(NODE(rig, "Size", x), "int64[]"), numbers(&rig, 1, (int64_t[]){10})), "bool[1]");
  assert_type(make_if(&rig, small, x, "Transpose", "Relu"), "float32[select(lt(3*N, 10), N, 3), select(lt(3*N, 10), 3, N)]");
  /* what is wrong in a branch is an error when it runs */
  ob_node_t *broken = make_if(&rig, c, x, "Det", "Sigmoid");
  broken->inputs[0] = c;
  assert_type(broken, "float32[?]");
  ob_module_free(rig.module);
}

/* Loop(M, "", x): x = op(x); *scan: the state before, collected. */
static ob_node_t *make_loop(const rig_t *rig, ob_value_t *count, ob_value_t *x, const char *op) {
  ob_value_t *in[3], *both[2];
  ob_node_t *loop = node_in(rig->graph, "Loop", 2, 3, (ob_value_t *[]){count, NULL, x});
  ob_graph_t *body = make_body(rig, NULL, 3, in);
  both[0] = both[1] = in[2];
  ob_node_t *node = node_in(body, op, 1, strcmp(op, "Concat") == 0 ? 2 : 1, both);
  if (strcmp(op, "Concat") == 0) assert_int_equal(ob_node_set_int(node, "axis", 0), OB_OK);
  assert_int_equal(ob_graph_add_output(body, in[1]), OB_OK);
  assert_int_equal(ob_graph_add_output(body, node->outputs[0]), OB_OK);
  assert_int_equal(ob_graph_add_output(body, in[2]), OB_OK);
  assert_int_equal(ob_arena_alloc_array(&rig->module->arena, 1, sizeof *loop->bodies, (void **)&loop->bodies), OB_OK);
  loop->body_count = 1;
  loop->bodies[0] = (ob_body_t){.attribute = "body", .graph = body};
  return loop;
}

static void assert_second(ob_node_t *node, const char *expected) {
  ob_str_t text;
  ob_str_init(&text, ob_allocator_default());
  ob_type_print(node->graph->module->exprs, &node->outputs[1]->type, &text);
  assert_string_equal(text.text, expected);
  ob_str_free(&text);
}

static void test_loop(void **state) {
  (void)state;
  rig_t rig = make_rig();
  ob_value_t *x = input(&rig, "x", OB_FLOAT32, "N", "3", NULL);
  ob_value_t *count = assert_type(NODE(rig, "Size", x), "int64[]");
  ob_node_t *loop = make_loop(&rig, count, x, "Relu");
  assert_type(loop, "float32[N, 3]");
  assert_second(loop, "float32[3*N, N, 3]");
  /* a size that changes from round to round: one symbol inside, others outside */
  loop = make_loop(&rig, count, x, "Concat");
  assert_type(loop, "float32[u_1, 3]");
  assert_second(loop, "float32[3*N, u_2, 3]");
  size_t symbols = ob_expr_symbol_count(rig.module->exprs);
  assert_int_equal(ob_infer_graph(rig.graph), OB_OK);
  assert_int_equal(ob_expr_symbol_count(rig.module->exprs), symbols);
  /* even the rank changes */
  assert_type(make_loop(&rig, count, x, "Squeeze"), "float32[?]");
  ob_module_free(rig.module);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_table),
      cmocka_unit_test(test_attributes),
      cmocka_unit_test(test_checks),
      cmocka_unit_test(test_names_are_quoted),
      cmocka_unit_test(test_contradictions),
      cmocka_unit_test(test_shape_chain),
      cmocka_unit_test(test_reshape_guards),
      cmocka_unit_test(test_division_is_towards_zero),
      cmocka_unit_test(test_contents_fit_their_type),
      cmocka_unit_test(test_slices),
      cmocka_unit_test(test_unknown_sizes_keep_their_symbol),
      cmocka_unit_test(test_if),
      cmocka_unit_test(test_loop),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
