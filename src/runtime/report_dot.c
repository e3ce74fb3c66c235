/* Reports as a graph for Graphviz: one cluster a region, coloured by engine. */
#include "runtime/report.h"
#include "runtime/report_colour.h"

static void print_node(const ob_flat_node_t *flat, size_t index, ob_str_t *out) {
  if (!flat->node) {
    ob_str_printf(out, "  n%zu [shape=oval, label=\"", index);
    ob_str_append_dot(out, flat->value->name);
    ob_str_append(out, "\"];\n");
    return;
  }
  ob_str_printf(out, "  n%zu [shape=box, style=\"filled,rounded\", fillcolor=\"%s\", label=\"", index, ob_engine_colour(ob_flat_engine(flat)));
  ob_str_append_dot(out, flat->node->op->name);
  ob_str_append(out, "\", tooltip=\"");
  ob_str_append_dot(out, flat->node->name);
  ob_str_append(out, "\"];\n");
}

/* Nodes of a region follow one another in the flat order, except around control flow: a cluster may be opened again. */
ob_status_t ob_report_dot(const ob_facts_t *facts, ob_str_t *out) {
  const ob_unit_t *open = NULL;
  ob_str_append(out, "digraph outboard {\n  rankdir=TB;\n  node [fontname=\"sans-serif\", fontsize=10];\n");
  for (size_t i = 0; i < facts->nodes.count; i++) {
    const ob_flat_node_t *flat = &facts->nodes.items[i];
    if (flat->unit != open) {
      if (open) ob_str_append(out, "  }\n");
      if (flat->unit) {
        ob_str_printf(out, "  subgraph cluster_%u {\n  label=\"", flat->unit->region->index);
        ob_str_append_dot(out, flat->unit->region->symbol);
        ob_str_append(out, " (");
        ob_str_append_dot(out, ob_flat_engine(flat));
        ob_str_append(out, ")\";\n");
      }
      open = flat->unit;
    }
    print_node(flat, i, out);
  }
  if (open) ob_str_append(out, "  }\n");
  for (size_t e = 0; e < facts->edges.count; e++) {
    const ob_flat_edge_t *edge = &facts->edges.items[e];
    ob_str_t type;
    ob_str_init(&type, facts->model->allocator);
    ob_type_print(facts->model->module->exprs, &edge->value->type, &type);
    ob_str_printf(out, "  n%u -> n%u [tooltip=\"", edge->from, edge->to);
    ob_str_append_dot(out, edge->value->name);
    ob_str_append(out, ": ");
    ob_str_append_dot(out, type.text ? type.text : "?");
    ob_str_append(out, "\"];\n");
    ob_str_free(&type);
  }
  ob_str_append(out, "}\n");
  return OB_OK;
}
