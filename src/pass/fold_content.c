/* Replaces nodes whose results are known as expressions of the shapes: exporters' Shape -> Gather -> Concat -> Reshape chains end as
 * one Reshape with a symbolic operand. */
#include "base/dtype.h"
#include "pass/rewrite.h"

/* A size that is known only after some node has run: whoever reads it must come after that node, and only an edge says so. */
static bool is_run_time(const ob_graph_t *graph, const ob_value_t *value) {
  for (size_t i = 0; i < value->content_count; i++)
    if (ob_expr_is_run_time(graph->module->exprs, value->content[i])) return true;
  return false;
}

/* Every wanted output is known, and at least one is. */
static bool is_known(const ob_graph_t *graph, const ob_node_t *node) {
  size_t known = 0;
  if (node->region || node->op->flags & (OB_OP_CONTROL | OB_OP_RANDOM)) return false;
  for (size_t i = 0; i < node->output_count; i++) {
    const ob_value_t *value = node->outputs[i];
    if (!value) continue;
    if (!value->content || value->type.rank > 1 || ob_rewrite_is_output(graph, value)) return false;
    if (is_run_time(graph, value)) return false;
    known++;
  }
  return known > 0;
}

static bool is_all_constant(const ob_value_t *value) {
  int64_t number;
  for (size_t i = 0; i < value->content_count; i++)
    if (!ob_expr_is_const(value->content[i], &number)) return false;
  return true;
}

static void store(ob_dtype_t dtype, void *data, size_t i, int64_t number) {
  if (dtype == OB_INT64) ((int64_t *)data)[i] = number;
  else if (dtype == OB_INT32) ((int32_t *)data)[i] = (int32_t)number;
  else ((uint8_t *)data)[i] = number != 0;
}

/* A constant for numbers, a value that is nothing but content for expressions. NULL for element types that content does not cover. */
static ob_status_t make_replacement(ob_graph_t *graph, const ob_value_t *value, ob_value_t **made) {
  ob_dtype_t dtype = value->type.dtype;
  bool scalar = value->type.rank == 0;
  *made = NULL;
  if (dtype != OB_INT64 && dtype != OB_INT32 && dtype != OB_BOOL) return OB_OK;
  if (!is_all_constant(value))
    return ob_value_from_content(graph, value->name, dtype, scalar, value->content, value->content_count, made);
  const ob_constant_t *constant;
  void *data;
  int64_t count = (int64_t)value->content_count;
  OB_TRY(ob_constant_allocate(graph->module, value->name, dtype, scalar ? 0 : 1, &count, &data, &constant));
  for (size_t i = 0; i < value->content_count; i++) store(dtype, data, i, value->content[i]->value);
  return ob_value_from_constant(graph, constant, made);
}

static ob_status_t run(ob_graph_t *graph, const ob_pass_context_t *context, bool *changed) {
  (void)context;
  for (size_t i = 0; i < graph->nodes.count; i++) {
    const ob_node_t *node = graph->nodes.items[i];
    if (!is_known(graph, node)) continue;
    for (size_t k = 0; k < node->output_count; k++) {
      ob_value_t *made;
      bool replaced;
      if (!node->outputs[k]) continue;
      OB_TRY(make_replacement(graph, node->outputs[k], &made));
      if (!made) continue;
      OB_TRY(ob_rewrite_replace(graph, node->outputs[k], made, &replaced));
      *changed |= replaced;
    }
  }
  return OB_OK;
}

const ob_pass_t ob_pass_fold_content = {"fold_content", "replaces shape computations by expressions", run};
