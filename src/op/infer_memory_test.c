/* Inference with each allocation failing in turn. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "op/op.h"

typedef struct counter {
  size_t left;
} counter_t;

static void *take(void *self, size_t size, size_t alignment) {
  counter_t *counter = self;
  if (counter->left == 0) return NULL;
  counter->left--;
  return aligned_alloc(alignment < sizeof(void *) ? sizeof(void *) : alignment, (size + 63) & ~(size_t)63);
}

static void give(void *self, void *block) {
  (void)self;
  free(block);
}

/* Builds and infers a small graph; every allocation may fail. */
static ob_status_t build(const ob_allocator_t *allocator) {
  ob_module_t *module = NULL;
  ob_graph_t *graph;
  ob_value_t *x, *y;
  ob_node_t *node;
  const ob_expr_t *dims[2];
  OB_TRY(ob_module_create(allocator, &module));
  ob_status_t status;
  OB_TRY_GOTO(status, ob_graph_create(module, "main", &graph), done);
  module->main = graph;
  OB_TRY_GOTO(status, ob_value_create(graph, "x", &x), done);
  for (size_t i = 0; i < 2; i++)
    OB_TRY_GOTO(status, ob_expr_symbol(module->exprs, "N", OB_SYMBOL_DIM, 0, (uint32_t)i, &dims[i]), done);
  OB_TRY_GOTO(status, ob_type_tensor(module, OB_FLOAT32, 2, dims, &x->type), done);
  OB_TRY_GOTO(status, ob_graph_add_input(graph, x), done);
  for (int i = 0; i < 20; i++) {
    OB_TRY_GOTO(status, ob_node_create(graph, ob_op_find("", i % 2 ? "MatMul" : "Transpose"), "n", i % 2 ? 2 : 1, 1, &node), done);
    OB_TRY_GOTO(status, ob_value_create(graph, "y", &y), done);
    for (size_t k = 0; k < node->input_count; k++) node->inputs[k] = x;
    ob_node_set_output(node, 0, y);
    x = y;
  }
  status = ob_infer_graph(graph);
done:
  ob_module_free(module);
  return status;
}

static void test_out_of_memory(void **state) {
  (void)state;
  counter_t counter;
  const ob_allocator_t allocator = {take, give, &counter};
  ob_status_t status = OB_OUT_OF_MEMORY;
  for (size_t allowed = 0; status != OB_OK && allowed < 10000; allowed++) {
    counter.left = allowed;
    status = build(&allocator);
    assert_true(status == OB_OK || status == OB_OUT_OF_MEMORY);
  }
  assert_int_equal(status, OB_OK);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_out_of_memory)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
