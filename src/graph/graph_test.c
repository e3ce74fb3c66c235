/* Graphs and modules: editing, order, dead code, copies, and running out of memory at each allocation. */
#include "graph/graph.h"

#include <outboard/outboard.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MUST(call) assert_int_equal((call), OB_OK)

static ob_module_t *new_module(void) {
  ob_module_t *module;
  MUST(ob_module_create(NULL, &module));
  MUST(ob_graph_create(module, "main", &module->main));
  return module;
}

static ob_value_t *value(ob_graph_t *graph, const char *name) {
  ob_value_t *v;
  MUST(ob_value_create(graph, name, &v));
  return v;
}

/* A node of no particular operator, inputs a and b, with one new output. */
static ob_node_t *node(ob_graph_t *graph, const char *output, ob_value_t *a, ob_value_t *b) {
  ob_node_t *n;
  MUST(ob_node_create(graph, NULL, output, b ? 2 : 1, 1, &n));
  n->inputs[0] = a;
  if (b) n->inputs[1] = b;
  ob_node_set_output(n, 0, value(graph, output));
  return n;
}

static ob_value_t *input(ob_graph_t *graph, const char *name) {
  ob_value_t *v = value(graph, name);
  MUST(ob_graph_add_input(graph, v));
  return v;
}

static void test_names_are_unique(void **state) {
  (void)state;
  ob_module_t *module = new_module();
  const ob_constant_t *first, *second;
  void *data;
  assert_string_equal(value(module->main, "x")->name, "x");
  assert_string_equal(value(module->main, "x")->name, "x.2");
  assert_string_equal(value(module->main, "")->name, "value");
  for (int i = 0; i < 3000; i++) (void)value(module->main, "x"); /* in no time */
  MUST(ob_constant_allocate(module, "w", OB_FLOAT32, 0, NULL, &data, &first));
  MUST(ob_constant_allocate(module, "w", OB_FLOAT32, 0, NULL, &data, &second));
  assert_string_equal(second->name, "w.2");
  assert_ptr_equal(ob_map_get(&module->constants_by_name, "w.2"), second);
  MUST(ob_graph_check(module->main));
  ob_module_free(module);
}

static void test_constants_are_checked(void **state) {
  (void)state;
  ob_module_t *module = new_module();
  const ob_constant_t *c;
  const int64_t dims[] = {2, 3}, negative[] = {-1, 3}, huge[] = {INT64_MAX, INT64_MAX};
  static const float data[6];
  MUST(ob_constant_create(module, "a", OB_FLOAT32, 2, dims, data, sizeof data, &c));
  assert_int_equal(ob_constant_create(module, "b", OB_FLOAT32, 2, dims, data, sizeof data - 1, &c), OB_INVALID_MODEL);
  assert_int_equal(ob_constant_create(module, "c", OB_FLOAT32, 2, negative, data, 0, &c), OB_INVALID_MODEL);
  assert_int_equal(ob_constant_create(module, "d", OB_FLOAT32, 2, huge, data, 0, &c), OB_INVALID_MODEL);
  assert_int_equal(ob_constant_create(module, "e", OB_FLOAT32, OB_MAX_RANK + 1, dims, data, 0, &c), OB_INVALID_MODEL);
  ob_module_free(module);
}

static void test_content_of_constants(void **state) {
  (void)state;
  ob_module_t *module = new_module();
  const ob_constant_t *c;
  ob_value_t *v;
  const int64_t dims[] = {3}, numbers[] = {1, -1, INT64_MAX};
  unsigned char unaligned[1 + sizeof numbers];
  memcpy(unaligned + 1, numbers, sizeof numbers);
  MUST(ob_constant_create(module, "shape", OB_INT64, 1, dims, unaligned + 1, sizeof numbers, &c));
  MUST(ob_value_from_constant(module->main, c, &v));
  assert_int_equal(v->content_count, 3);
  for (size_t i = 0; i < 3; i++) assert_true(ob_expr_is(v->content[i], numbers[i]));
  MUST(ob_constant_create(module, "floats", OB_FLOAT64, 1, dims, numbers, sizeof numbers, &c));
  MUST(ob_value_from_constant(module->main, c, &v));
  assert_null(v->content);
  ob_module_free(module);
}

static void test_attributes(void **state) {
  (void)state;
  ob_module_t *module = new_module();
  ob_node_t *n = node(module->main, "y", input(module->main, "x"), NULL);
  const int64_t pads[] = {1, 2, 3, 4};
  MUST(ob_node_set_ints(n, "pads", pads, 4));
  MUST(ob_node_set_float(n, "alpha", 0.5f));
  MUST(ob_node_set_string(n, "mode", "linear"));
  MUST(ob_node_set_int(n, "axis", -1));
  MUST(ob_node_set_int(n, "axis", 2));
  assert_int_equal(n->attribute_count, 4);
  assert_true(ob_expr_is(ob_node_stated(n, "axis")->ints[0], 2));
  ob_node_remove_attribute(n, "pads");
  ob_node_remove_attribute(n, "pads");
  assert_null(ob_node_stated(n, "pads"));
  assert_string_equal(ob_node_stated(n, "mode")->strings[0].data, "linear");
  ob_module_free(module);
}

/* A chain in reverse order. */
static void test_sort(void **state) {
  (void)state;
  enum { COUNT = 50000 };
  ob_module_t *module = new_module();
  ob_graph_t *g = module->main;
  ob_value_t *x = input(g, "x"), **values = calloc(COUNT + 1, sizeof *values);
  values[0] = x;
  for (size_t i = 1; i <= COUNT; i++) values[i] = value(g, "v");
  for (size_t i = COUNT; i > 0; i--) {
    ob_node_t *n;
    MUST(ob_node_create(g, NULL, "n", 1, 1, &n));
    n->inputs[0] = values[i - 1];
    ob_node_set_output(n, 0, values[i]);
  }
  MUST(ob_graph_add_output(g, values[COUNT]));
  assert_int_not_equal(ob_graph_check(g), OB_OK);
  MUST(ob_graph_sort(g));
  MUST(ob_graph_check(g));
  assert_ptr_equal(g->nodes.items[0]->inputs[0], x);
  g->nodes.items[0]->inputs[0] = values[COUNT];
  assert_int_equal(ob_graph_sort(g), OB_INVALID_MODEL);
  free(values);
  ob_module_free(module);
}

static void test_sort_keeps_an_order_that_is_right(void **state) {
  (void)state;
  ob_module_t *module = new_module();
  ob_graph_t *g = module->main;
  ob_value_t *x = input(g, "x");
  ob_node_t *nodes[4] = {node(g, "a", x, NULL)};
  nodes[1] = node(g, "b", x, NULL);
  nodes[2] = node(g, "c", nodes[1]->outputs[0], x);
  nodes[3] = node(g, "d", nodes[0]->outputs[0], nodes[2]->outputs[0]);
  MUST(ob_graph_sort(g));
  for (size_t i = 0; i < 4; i++) assert_ptr_equal(g->nodes.items[i], nodes[i]);
  ob_module_free(module);
}

static void test_compact(void **state) {
  (void)state;
  ob_module_t *module = new_module();
  ob_graph_t *g = module->main;
  ob_value_t *x = input(g, "x"), *unused = input(g, "unused");
  ob_node_t *a = node(g, "a", x, NULL), *dead = node(g, "dead", a->outputs[0], NULL), *b = node(g, "b", a->outputs[0], x);
  (void)node(g, "dead too", dead->outputs[0], NULL);
  (void)value(g, "nobody");
  MUST(ob_graph_add_output(g, b->outputs[0]));
  MUST(ob_graph_compact(g));
  assert_int_equal(g->nodes.count, 2);
  assert_int_equal(g->values.count, 4); /* x, unused, a, b */
  assert_ptr_equal(g->values.items[unused->id], unused);
  assert_null(ob_map_get(&g->value_names, "nobody"));
  MUST(ob_graph_check(g));
  uint32_t uses[4];
  ob_graph_count_uses(g, uses);
  assert_int_equal(uses[x->id], 2);
  assert_int_equal(uses[a->outputs[0]->id], 1);
  assert_int_equal(uses[b->outputs[0]->id], 1);
  ob_graph_replace_uses(g, a->outputs[0], x);
  assert_ptr_equal(b->inputs[0], x);
  ob_module_free(module);
}

/* A module with a body, captures, symbolic dims, contents, a constant and every kind of attribute. */
static ob_status_t build(const ob_allocator_t *allocator, ob_module_t **out) {
  static const int64_t dims[] = {2};
  static const ob_string_t words[] = {{"a", 1}, {"bc", 2}};
  static const float floats[] = {1, 2.5f};
  const ob_expr_t *n, *twice;
  const ob_constant_t *constant;
  ob_value_t *x, *weight, *content, *inner, *y;
  ob_graph_t *body;
  ob_node_t *node_in, *node_out;
  void *data;
  OB_TRY(ob_module_create(allocator, out));
  ob_module_t *m = *out;
  OB_TRY(ob_graph_create(m, "main", &m->main));
  OB_TRY(ob_expr_symbol(m->exprs, "N", OB_SYMBOL_DIM, 0, 0, &n));
  OB_TRY(ob_expr_add(m->exprs, n, n, &twice));
  OB_TRY(ob_value_create(m->main, "x", &x));
  OB_TRY(ob_type_tensor(m, OB_FLOAT32, 1, &n, &x->type));
  OB_TRY(ob_graph_add_input(m->main, x));
  OB_TRY(ob_constant_allocate(m, "w", OB_INT64, 1, dims, &data, &constant));
  OB_TRY(ob_value_from_constant(m->main, constant, &weight));
  OB_TRY(ob_value_from_content(m->main, "shape", OB_INT64, false, &twice, 1, &content));
  OB_TRY(ob_graph_create(m, "body", &body));
  OB_TRY(ob_value_create(body, "inner", &inner));
  OB_TRY(ob_graph_add_input(body, inner));
  OB_TRY(ob_node_create(body, NULL, "in", 1, 1, &node_in));
  node_in->inputs[0] = inner;
  OB_TRY(ob_value_create(body, "result", &y));
  ob_node_set_output(node_in, 0, y);
  OB_TRY(ob_graph_add_output(body, y));
  OB_TRY(ob_node_create(m->main, NULL, "out", 4, 1, &node_out));
  node_out->inputs[0] = x, node_out->inputs[1] = weight, node_out->inputs[3] = content;
  OB_TRY(ob_value_create(m->main, "y", &y));
  ob_node_set_output(node_out, 0, y);
  OB_TRY(ob_type_tensor(m, OB_FLOAT32, 1, &twice, &y->type));
  OB_TRY(ob_graph_add_output(m->main, y));
  OB_TRY(OB_ARENA_NEW(&m->arena, &node_out->bodies));
  OB_TRY(OB_ARENA_NEW(&m->arena, &node_out->bodies->captures));
  node_out->body_count = 1;
  node_out->bodies[0] = (ob_body_t){"then_branch", body, node_out->bodies->captures, 1};
  node_out->bodies[0].captures[0] = x;
  OB_TRY(ob_node_set_attribute(node_out, &(ob_attribute_t){.name = "i", .kind = OB_ATTRIBUTE_INTS, .count = 1, .ints = &twice}));
  OB_TRY(ob_node_set_attribute(node_out, &(ob_attribute_t){.name = "s", .kind = OB_ATTRIBUTE_STRINGS, .count = 2, .strings = words}));
  OB_TRY(ob_node_set_attribute(node_out, &(ob_attribute_t){.name = "f", .kind = OB_ATTRIBUTE_FLOATS, .count = 2, .floats = floats}));
  return ob_node_set_attribute(node_out, &(ob_attribute_t){.name = "t", .kind = OB_ATTRIBUTE_TENSOR, .count = 1, .tensor = constant});
}

static void test_clone_into_another_module(void **state) {
  (void)state;
  ob_module_t *from, *to = new_module();
  ob_graph_t *copy;
  const ob_constant_t *other;
  void *data;
  MUST(build(NULL, &from));
  MUST(ob_constant_allocate(to, "w", OB_FLOAT32, 0, NULL, &data, &other)); /* the same name for something else */
  MUST(ob_graph_clone(from->main, to, &copy));
  MUST(ob_graph_check(copy));
  assert_int_equal(copy->values.count, from->main->values.count);
  for (size_t i = 0; i < copy->values.count; i++) assert_string_equal(copy->values.items[i]->name, from->main->values.items[i]->name);
  const ob_node_t *n = copy->nodes.items[0];
  assert_ptr_not_equal(n->inputs[1]->constant, other);
  assert_string_equal(n->inputs[1]->constant->name, "w.2");
  assert_ptr_equal(n->inputs[1]->constant->data, from->constants.items[0]->data);
  assert_ptr_equal(n->inputs[1]->constant, ob_node_stated(n, "t")->tensor);
  assert_null(n->inputs[2]);
  const char *text;
  MUST(ob_expr_text(to->exprs, n->inputs[3]->content[0], &text));
  assert_string_equal(text, "2*N");
  assert_ptr_equal(n->inputs[3]->content[0], copy->outputs.items[0]->type.dims[0]);
  assert_ptr_equal(n->bodies[0].captures[0], n->inputs[0]);
  assert_ptr_equal(n->bodies[0].graph->module, to);
  assert_string_equal(ob_node_stated(n, "s")->strings[1].data, "bc");
  ob_module_free(to);
  ob_module_free(from);
}

static void test_module_compact(void **state) {
  (void)state;
  ob_module_t *module;
  ob_graph_t *copy, *unused;
  const ob_constant_t *c;
  void *data;
  MUST(build(NULL, &module));
  MUST(ob_graph_create(module, "unused", &unused));
  MUST(ob_constant_allocate(module, "unused", OB_FLOAT32, 0, NULL, &data, &c));
  MUST(ob_graph_clone(module->main, module, &copy));
  assert_int_equal(module->graphs.count, 5);
  MUST(ob_module_compact(module));
  assert_int_equal(module->graphs.count, 2);
  assert_int_equal(module->constants.count, 1);
  assert_null(ob_map_get(&module->constants_by_name, "unused"));
  for (size_t i = 0; i < module->graphs.count; i++) assert_int_equal(module->graphs.items[i]->index, i);
  ob_module_free(module);
}

static void test_types_as_text(void **state) {
  (void)state;
  ob_module_t *module;
  MUST(build(NULL, &module));
  const ob_type_t strings = {.kind = OB_TENSOR, .dtype = OB_STRING, .rank = -1};
  const ob_type_t sequence = {.kind = OB_SEQUENCE, .element = &strings}, nothing = {.kind = OB_OPTIONAL};
  const ob_type_t map = {.kind = OB_MAP, .dtype = OB_INT64, .element = &module->main->inputs.items[0]->type};
  const struct {
    const ob_type_t *type;
    const char *text;
  } cases[] = {{&module->main->outputs.items[0]->type, "float32[2*N]"},
               {&sequence, "seq(string[?])"},
               {&nothing, "optional(?)"},
               {&map, "map(int64, float32[N])"}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    ob_str_t out;
    ob_str_init(&out, ob_allocator_default());
    ob_type_print(module->exprs, cases[i].type, &out);
    assert_string_equal(out.text, cases[i].text);
    ob_str_free(&out);
  }
  ob_module_free(module);
}

/* ---------------------------------------------------------------- running out of memory */

typedef struct counter {
  ob_allocator_t allocator;
  size_t calls, fail_at, alive;
} counter_t;

static void *count_allocate(void *self, size_t size, size_t alignment) {
  counter_t *c = self;
  const ob_allocator_t *a = ob_allocator_default();
  if (++c->calls == c->fail_at) return NULL;
  c->alive++;
  return a->allocate(a->self, size, alignment);
}

static void count_release(void *self, void *block) {
  counter_t *c = self;
  if (block) c->alive--;
  ob_allocator_default()->release(NULL, block);
}

static ob_status_t work(const ob_allocator_t *allocator, ob_module_t **module) {
  ob_graph_t *copy;
  ob_value_t *v;
  OB_TRY(build(allocator, module));
  for (int i = 0; i < 300; i++) OB_TRY(ob_value_create((*module)->main, "v", &v));
  OB_TRY(ob_graph_sort((*module)->main));
  OB_TRY(ob_graph_clone((*module)->main, *module, &copy));
  OB_TRY(ob_graph_compact(copy));
  OB_TRY(ob_module_compact(*module));
  return ob_graph_check((*module)->main);
}

static void test_every_allocation_may_fail(void **state) {
  (void)state;
  ob_status_t status = OB_OUT_OF_MEMORY;
  for (size_t n = 1; status != OB_OK; n++) {
    counter_t counter = {{count_allocate, count_release, &counter}, 0, n, 0};
    ob_module_t *module = NULL;
    status = work(&counter.allocator, &module);
    assert_true(status == OB_OUT_OF_MEMORY || (status == OB_OK && counter.calls < n));
    ob_module_free(module);
    assert_int_equal(counter.alive, 0);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_names_are_unique), cmocka_unit_test(test_constants_are_checked),
      cmocka_unit_test(test_content_of_constants), cmocka_unit_test(test_attributes),
      cmocka_unit_test(test_sort), cmocka_unit_test(test_sort_keeps_an_order_that_is_right),
      cmocka_unit_test(test_compact), cmocka_unit_test(test_clone_into_another_module),
      cmocka_unit_test(test_module_compact), cmocka_unit_test(test_types_as_text),
      cmocka_unit_test(test_every_allocation_may_fail),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
