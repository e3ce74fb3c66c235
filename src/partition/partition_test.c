/* The partitioner on random graphs and random support tables, and on the shapes of graph that broke others. */
#include "partition/partition.h"

#include <outboard/outboard.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* An engine that takes a node when bit `engine` of the number in the node's name is set: "n12_5" is node 12, mask 5. */
static bool takes_by_mask(void *self, const ob_region_view_t *graph, const ob_node_view_t *node, char *reason, size_t size) {
  (void)graph;
  int mask = atoi(strchr(node->name, '_') + 1);
  if (mask >> (int)(intptr_t)self & 1) return true;
  snprintf(reason, size, "mask %d", mask);
  return false;
}

static const ob_candidate_t candidates[] = {{"first", 0, (void *)0, takes_by_mask},
                                            {"second", 0, (void *)1, takes_by_mask},
                                            {"third", OB_ENGINE_LAST_RESORT, (void *)2, takes_by_mask}};
static const ob_partition_options_t options = {candidates, 3, NULL, NULL};

/* A module whose values all are float32[4]. */
typedef struct {
  ob_module_t *module;
  ob_graph_t *graph;
  const ob_expr_t *dims[1];
} fixture_t;

static void set_type(fixture_t *f, ob_value_t *value) {
  assert_int_equal(ob_type_tensor(f->module, OB_FLOAT32, 1, f->dims, &value->type), OB_OK);
}

static fixture_t begin(void) {
  fixture_t f = {0};
  assert_int_equal(ob_module_create(ob_allocator_default(), &f.module), OB_OK);
  assert_int_equal(ob_graph_create(f.module, "main", &f.graph), OB_OK);
  f.module->main = f.graph;
  assert_int_equal(ob_expr_const(f.module->exprs, 4, &f.dims[0]), OB_OK);
  return f;
}

static ob_value_t *input(fixture_t *f, const char *name) {
  ob_value_t *value;
  assert_int_equal(ob_value_create(f->graph, name, &value), OB_OK);
  set_type(f, value);
  assert_int_equal(ob_graph_add_input(f->graph, value), OB_OK);
  return value;
}

static ob_value_t *node(fixture_t *f, const char *op, int mask, ob_value_t *a, ob_value_t *b) {
  ob_node_t *made;
  ob_value_t *value;
  char name[40];
  snprintf(name, sizeof name, "n%zu_%d", f->graph->nodes.count, mask);
  assert_int_equal(ob_node_create(f->graph, ob_op_find("", op), name, b ? 2 : 1, 1, &made), OB_OK);
  made->inputs[0] = a;
  if (b) made->inputs[1] = b;
  assert_int_equal(ob_value_create(f->graph, name, &value), OB_OK);
  set_type(f, value);
  ob_node_set_output(made, 0, value);
  return value;
}

static void output(fixture_t *f, ob_value_t *value) { assert_int_equal(ob_graph_add_output(f->graph, value), OB_OK); }

/* What must hold of every result: calls only, sound graphs, each node in exactly one region of an engine that takes it. */
static void check_result(const fixture_t *f, size_t node_count) {
  size_t seen = 0;
  assert_int_equal(ob_graph_check(f->graph), OB_OK);
  for (size_t i = 0; i < f->graph->nodes.count; i++) assert_ptr_equal(f->graph->nodes.items[i]->op, &ob_op_region);
  for (size_t r = 0; r < f->module->regions.count; r++) {
    const ob_region_t *region = f->module->regions.items[r];
    assert_int_equal(ob_graph_check(region->body), OB_OK);
    for (size_t i = 0; i < region->body->nodes.count; i++, seen++) {
      int mask = atoi(strchr(region->body->nodes.items[i]->name, '_') + 1);
      for (int e = 0; e < 3; e++)
        if (strcmp(region->engine, candidates[e].name) == 0) assert_true(mask >> e & 1);
    }
  }
  assert_int_equal(seen, node_count);
}

static void random_graphs(void **state) {
  (void)state;
  srand(3);
  for (int round = 0; round < 200; round++) {
    fixture_t f = begin();
    ob_value_t *values[64] = {input(&f, "x"), input(&f, "y")};
    size_t count = 2, nodes = 1 + (size_t)rand() % 50;
    bool used[64] = {false};
    for (size_t i = 0; i < nodes; i++) {
      size_t a = (size_t)rand() % count, b = (size_t)rand() % count;
      used[a] = used[b] = true;
      values[count++] = node(&f, rand() % 3 ? "Add" : "MatMul", 1 + rand() % 7, values[a], values[b]);
    }
    for (size_t i = 2; i < count; i++)
      if (!used[i] || rand() % 8 == 0) output(&f, values[i]);
    assert_int_equal(ob_partition(f.module, &options), OB_OK);
    check_result(&f, nodes);
    ob_module_free(f.module);
  }
}

/* a -> (b on another engine) -> c, a -> c: taking a and c together would need b between them. */
static void diamond_through_another_engine(void **state) {
  (void)state;
  fixture_t f = begin();
  ob_value_t *a = node(&f, "MatMul", 1, input(&f, "x"), input(&f, "y"));
  ob_value_t *b = node(&f, "Relu", 2, a, NULL);
  output(&f, node(&f, "MatMul", 1, a, b));
  assert_int_equal(ob_partition(f.module, &options), OB_OK);
  check_result(&f, 3);
  assert_int_equal(f.module->regions.count, 3);
  ob_module_free(f.module);
}

static void diamond_of_one_engine_is_one_region(void **state) {
  (void)state;
  fixture_t f = begin();
  ob_value_t *x = input(&f, "x");
  ob_value_t *a = node(&f, "MatMul", 1, x, x), *b = node(&f, "Relu", 1, a, NULL), *c = node(&f, "Relu", 1, a, NULL);
  ob_value_t *d = node(&f, "Add", 1, b, c);
  output(&f, d);
  output(&f, d);
  output(&f, b);
  assert_int_equal(ob_partition(f.module, &options), OB_OK);
  check_result(&f, 4);
  assert_int_equal(f.module->regions.count, 1);
  assert_int_equal(f.graph->outputs.count, 3);
  assert_ptr_equal(f.graph->outputs.items[0], f.graph->outputs.items[1]);
  assert_int_equal(f.module->regions.items[0]->body->outputs.count, 2);
  ob_module_free(f.module);
}

static void readers_of_one_input_are_one_region(void **state) {
  (void)state;
  fixture_t f = begin();
  ob_value_t *x = input(&f, "x");
  output(&f, node(&f, "MatMul", 1, x, x));
  output(&f, node(&f, "MatMul", 1, x, x));
  assert_int_equal(ob_partition(f.module, &options), OB_OK);
  check_result(&f, 2);
  assert_int_equal(f.module->regions.count, 1);
  ob_module_free(f.module);
}

static void a_light_node_between_others_is_given_back(void **state) {
  (void)state;
  fixture_t f = begin();
  ob_value_t *x = input(&f, "x");
  ob_value_t *a = node(&f, "MatMul", 2, x, x), *b = node(&f, "Relu", 3, a, NULL);
  output(&f, node(&f, "MatMul", 2, b, b));
  assert_int_equal(ob_partition(f.module, &options), OB_OK);
  check_result(&f, 3);
  assert_int_equal(f.module->regions.count, 1);
  assert_string_equal(f.module->regions.items[0]->engine, "second");
  ob_module_free(f.module);
}

static void a_heavy_node_between_others_stays(void **state) {
  (void)state;
  fixture_t f = begin();
  ob_value_t *x = input(&f, "x");
  ob_value_t *a = node(&f, "Relu", 2, x, NULL), *b = node(&f, "MatMul", 3, a, a);
  output(&f, node(&f, "Relu", 2, b, NULL));
  assert_int_equal(ob_partition(f.module, &options), OB_OK);
  check_result(&f, 3);
  assert_int_equal(f.module->regions.count, 3);
  assert_string_equal(f.module->regions.items[1]->engine, "first");
  ob_module_free(f.module);
}

static void refusals_are_kept_and_nobody_is_an_error(void **state) {
  (void)state;
  fixture_t f = begin();
  ob_value_t *x = input(&f, "x");
  output(&f, node(&f, "MatMul", 4, x, x));
  assert_int_equal(ob_partition(f.module, &options), OB_OK);
  const ob_node_t *kept = f.module->regions.items[0]->body->nodes.items[0];
  assert_int_equal(kept->refusal_count, 2);
  assert_string_equal(kept->refusals[0].engine, "first");
  assert_string_equal(kept->refusals[0].reason, "mask 4");
  ob_module_free(f.module);

  f = begin();
  x = input(&f, "x");
  output(&f, node(&f, "MatMul", 0, x, x));
  assert_int_equal(ob_partition(f.module, &options), OB_UNSUPPORTED);
  assert_non_null(strstr(ob_error_message(), "n0_0"));
  assert_non_null(strstr(ob_error_message(), "second: mask 0"));
  ob_module_free(f.module);
}

static void contracts(void **state) {
  (void)state;
  ob_partition_options_t with = options;
  const struct {
    const char *require;
    int mask;
    ob_status_t status;
  } cases[] = {{"first=MatMul", 1, OB_OK},           {"first=MatMul", 2, OB_UNSUPPORTED}, {"first=Conv,second=MatMul", 2, OB_OK},
               {"nobody=Conv", 1, OB_INVALID_ARGUMENT}, {"first", 1, OB_INVALID_ARGUMENT},   {"first=Conw", 1, OB_INVALID_ARGUMENT}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    fixture_t f = begin();
    ob_value_t *x = input(&f, "x");
    output(&f, node(&f, "MatMul", cases[i].mask, x, x));
    with.require = cases[i].require;
    assert_int_equal(ob_partition(f.module, &with), cases[i].status);
    ob_module_free(f.module);
  }
}

static void forbidden_operators_go_elsewhere(void **state) {
  (void)state;
  const struct {
    const char *forbid, *engine;
    ob_status_t status;
  } cases[] = {{NULL, "first", OB_OK},
               {"first=MatMul", "second", OB_OK},
               {"first=Conv", "first", OB_OK},
               {"first=MatMul,second=MatMul", NULL, OB_UNSUPPORTED},
               {"fourth=MatMul", NULL, OB_INVALID_ARGUMENT}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    fixture_t f = begin();
    ob_value_t *x = input(&f, "x");
    output(&f, node(&f, "MatMul", 3, x, x));
    ob_partition_options_t with = options;
    with.forbid = cases[i].forbid;
    assert_int_equal(ob_partition(f.module, &with), cases[i].status);
    if (cases[i].engine) assert_string_equal(f.module->regions.items[0]->engine, cases[i].engine);
    if (cases[i].status == OB_UNSUPPORTED) assert_non_null(strstr(ob_error_message(), "forbidden by the caller"));
    ob_module_free(f.module);
  }
}

/* NonZero's size is known only after it ran; whoever depends on it comes later, even where only a symbol connects the two. */
static void run_time_symbols_order_regions(void **state) {
  (void)state;
  fixture_t f = begin();
  const ob_expr_t *size, *dims[1];
  assert_int_equal(ob_expr_fresh(f.module->exprs, &size), OB_OK);
  dims[0] = size;
  ob_value_t *x = input(&f, "x"), *shape;
  assert_int_equal(ob_value_from_content(f.graph, "shape", OB_INT64, false, dims, 1, &shape), OB_OK);
  ob_value_t *early = node(&f, "Expand", 1, x, shape), *found = node(&f, "Relu", 1, x, NULL);
  assert_int_equal(ob_type_tensor(f.module, OB_FLOAT32, 1, dims, &early->type), OB_OK);
  assert_int_equal(ob_type_tensor(f.module, OB_FLOAT32, 1, dims, &found->type), OB_OK);
  output(&f, early);
  output(&f, found);
  assert_int_equal(ob_partition(f.module, &options), OB_OK);
  assert_int_equal(f.module->regions.count, 2);
  assert_true(f.module->regions.items[0]->dynamic);
  assert_string_equal(f.module->regions.items[0]->body->nodes.items[0]->op->name, "Relu");
  assert_false(f.module->regions.items[1]->dynamic);
  ob_module_free(f.module);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(random_graphs),
      cmocka_unit_test(diamond_through_another_engine),
      cmocka_unit_test(diamond_of_one_engine_is_one_region),
      cmocka_unit_test(readers_of_one_input_are_one_region),
      cmocka_unit_test(a_light_node_between_others_is_given_back),
      cmocka_unit_test(a_heavy_node_between_others_stays),
      cmocka_unit_test(refusals_are_kept_and_nobody_is_an_error),
      cmocka_unit_test(contracts),
      cmocka_unit_test(forbidden_operators_go_elsewhere),
      cmocka_unit_test(run_time_symbols_order_regions),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
