/* What passes share. */
#include "pass/rewrite.h"

#include <string.h>

bool ob_rewrite_is_output(const ob_graph_t *graph, const ob_value_t *value) {
  for (size_t i = 0; i < graph->outputs.count; i++)
    if (graph->outputs.items[i] == value) return true;
  return false;
}

bool ob_rewrite_is_input(const ob_graph_t *graph, const ob_value_t *value) {
  for (size_t i = 0; i < graph->inputs.count; i++)
    if (graph->inputs.items[i] == value) return true;
  return false;
}

/* The two exchange names, in the graph's table too. */
static ob_status_t swap_names(ob_graph_t *graph, ob_value_t *a, ob_value_t *b) {
  const char *name = a->name;
  a->name = b->name;
  b->name = name;
  OB_TRY(ob_map_set(&graph->value_names, a->name, a));
  return ob_map_set(&graph->value_names, b->name, b);
}

ob_status_t ob_rewrite_replace(ob_graph_t *graph, ob_value_t *from, ob_value_t *to, bool *replaced) {
  *replaced = false;
  if (ob_rewrite_is_output(graph, from)) {
    if (ob_rewrite_is_input(graph, to) || ob_rewrite_is_output(graph, to)) return OB_OK;
    OB_TRY(swap_names(graph, from, to));
  }
  ob_graph_replace_uses(graph, from, to);
  *replaced = true;
  return OB_OK;
}

bool ob_rewrite_same_type(const ob_type_t *a, const ob_type_t *b) {
  if (a->kind != OB_TENSOR || b->kind != OB_TENSOR || a->dtype != b->dtype || a->rank != b->rank || a->rank < 0) return false;
  for (int32_t i = 0; i < a->rank; i++)
    if (!ob_expr_equal(a->dims[i], b->dims[i])) return false;
  return true;
}

bool ob_rewrite_is(const ob_node_t *node, const char *op) {
  return node->op->domain[0] == 0 && strcmp(node->op->name, op) == 0;
}

int ob_rewrite_numbers(const ob_node_t *node, size_t index, int64_t *numbers, int most) {
  const ob_value_t *value = index < node->input_count ? node->inputs[index] : NULL;
  if (!value || !value->content || value->content_count > (size_t)most) return -1;
  for (size_t i = 0; i < value->content_count; i++)
    if (!ob_expr_is_const(value->content[i], &numbers[i])) return -1;
  return (int)value->content_count;
}
