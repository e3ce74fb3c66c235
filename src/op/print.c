/* A readable listing of a graph (declared in graph/graph.h). Names are escaped: they come from models. */
#include "op/op.h"

enum { SHOWN = 16 }; /* elements of a list */

static void print_exprs(const ob_expr_pool_t *pool, const ob_expr_t *const *exprs, size_t count, ob_str_t *out) {
  ob_str_append(out, "[");
  for (size_t i = 0; i < count && i < SHOWN; i++) {
    if (i > 0) ob_str_append(out, ", ");
    ob_expr_print(pool, exprs[i], out);
  }
  ob_str_append(out, count > SHOWN ? ", ...]" : "]");
}

static void print_value(const ob_graph_t *graph, const ob_value_t *value, ob_str_t *out) {
  if (!value) {
    ob_str_append(out, "-");
    return;
  }
  ob_str_append(out, ob_quote(value->name));
  if (!value->producer && value->content && !(value->constant && value->content_count > SHOWN)) {
    ob_str_append(out, "=");
    print_exprs(graph->module->exprs, value->content, value->content_count, out);
  }
}

static void print_typed(const ob_graph_t *graph, const ob_value_t *value, ob_str_t *out) {
  if (!value) {
    ob_str_append(out, "-");
    return;
  }
  ob_str_printf(out, "%s: ", ob_quote(value->name));
  ob_type_print(graph->module->exprs, &value->type, out);
}

static void print_attribute(const ob_graph_t *graph, const ob_attribute_t *a, ob_str_t *out) {
  ob_str_printf(out, "%s=", ob_quote(a->name));
  switch (a->kind) {
    case OB_ATTRIBUTE_INT:
      ob_expr_print(graph->module->exprs, a->ints[0], out);
      return;
    case OB_ATTRIBUTE_INTS:
      print_exprs(graph->module->exprs, a->ints, a->count, out);
      return;
    case OB_ATTRIBUTE_TENSOR:
      ob_str_printf(out, "tensor %s", ob_quote(a->tensor->name));
      return;
    default:
      break;
  }
  bool list = a->kind == OB_ATTRIBUTE_FLOATS || a->kind == OB_ATTRIBUTE_STRINGS;
  if (list) ob_str_append(out, "[");
  for (size_t i = 0; i < a->count && i < SHOWN; i++) {
    if (i > 0) ob_str_append(out, ", ");
    if (a->floats)
      ob_str_printf(out, "%.9g", (double)a->floats[i]);
    else
      ob_str_printf(out, "\"%s\"", ob_quote_n(a->strings[i].data, a->strings[i].size));
  }
  if (list) ob_str_append(out, a->count > SHOWN ? ", ...]" : "]");
}

static void print_list(const ob_graph_t *graph, ob_value_t *const *values, size_t count, ob_str_t *out,
                       void (*print)(const ob_graph_t *, const ob_value_t *, ob_str_t *)) {
  for (size_t i = 0; i < count; i++) {
    if (i > 0) ob_str_append(out, ", ");
    print(graph, values[i], out);
  }
}

static void print_node(const ob_graph_t *graph, const ob_node_t *node, ob_str_t *out) {
  ob_str_append(out, "  ");
  print_list(graph, node->outputs, node->output_count, out, print_typed);
  if (node->region)
    ob_str_printf(out, " = %s@%s(", ob_quote(node->region->symbol), ob_quote(node->region->engine));
  else
    ob_str_printf(out, " = %s%s%s(", node->op->domain, *node->op->domain ? "." : "", node->op->name);
  print_list(graph, node->inputs, node->input_count, out, print_value);
  ob_str_append(out, ")");
  for (size_t i = 0; i < node->attribute_count; i++) {
    ob_str_append(out, i > 0 ? ", " : " {");
    print_attribute(graph, &node->attributes[i], out);
  }
  if (node->attribute_count > 0) ob_str_append(out, "}");
  for (size_t i = 0; i < node->body_count; i++) {
    ob_str_printf(out, " %s=%s(", ob_quote(node->bodies[i].attribute), ob_quote(node->bodies[i].graph->name));
    print_list(graph, node->bodies[i].captures, node->bodies[i].capture_count, out, print_value);
    ob_str_append(out, ")");
  }
  ob_str_append(out, "\n");
}

void ob_graph_print(const ob_graph_t *graph, ob_str_t *out) {
  ob_str_printf(out, "graph %s(", ob_quote(graph->name));
  print_list(graph, graph->inputs.items, graph->inputs.count, out, print_typed);
  ob_str_append(out, ") -> (");
  print_list(graph, graph->outputs.items, graph->outputs.count, out, print_value);
  ob_str_append(out, ")\n");
  for (size_t i = 0; i < graph->nodes.count; i++) print_node(graph, graph->nodes.items[i], out);
}
