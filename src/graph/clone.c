/* Deep copies of graphs, also from one module into another. */
#include <string.h>

#include "base/checked.h"
#include "graph/graph.h"

/* Where a copy goes, and what stands for what. */
typedef struct {
  ob_module_t *from, *to;
  ob_value_t **values; /* copies by id of the graph at hand */
  const ob_constant_t **constants; /* copies by index; NULL within one module */
} cloner_t;

static ob_status_t clone(cloner_t *c, const ob_graph_t *graph, ob_graph_t **copy);

static ob_status_t copy_expr(cloner_t *c, const ob_expr_t *expr, const ob_expr_t **copy);

static ob_status_t copy_symbol(cloner_t *c, const ob_expr_t *expr, const ob_expr_t **copy) {
  const ob_symbol_t *symbol = ob_expr_symbol_at(c->from->exprs, (size_t)expr->value);
  ob_symbol_t *found = ob_expr_symbol_find(c->to->exprs, symbol->name);
  if (found) {
    *copy = found->expr;
    return OB_OK;
  }
  OB_TRY(ob_expr_symbol(c->to->exprs, symbol->name, symbol->source, symbol->input, symbol->index, copy));
  found = ob_expr_symbol_at(c->to->exprs, (size_t)(*copy)->value);
  found->min = symbol->min, found->max = symbol->max, found->typical = symbol->typical;
  return OB_OK;
}

static ob_status_t copy_exprs(cloner_t *c, const ob_expr_t *const *exprs, size_t count, const ob_expr_t *const **copies) {
  const ob_expr_t **list;
  *copies = exprs;
  if (!exprs || c->from == c->to) return OB_OK;
  OB_TRY(OB_ARENA_ARRAY(&c->to->arena, count, &list));
  for (size_t i = 0; i < count; i++) OB_TRY(copy_expr(c, exprs[i], &list[i]));
  *copies = list;
  return OB_OK;
}

static ob_status_t copy_expr(cloner_t *c, const ob_expr_t *expr, const ob_expr_t **copy) {
  if (expr->op == OB_EXPR_CONST) return ob_expr_const(c->to->exprs, expr->value, copy);
  if (expr->op == OB_EXPR_SYMBOL) return copy_symbol(c, expr, copy);
  const ob_expr_t *const *args;
  OB_TRY(copy_exprs(c, expr->args, expr->count, &args));
  return ob_expr_make(c->to->exprs, expr->op, args, expr->count, copy);
}

static ob_status_t copy_type(cloner_t *c, const ob_type_t *type, ob_type_t *copy) {
  *copy = *type;
  if (c->from == c->to) return OB_OK;
  if (type->rank > 0) OB_TRY(copy_exprs(c, type->dims, (size_t)type->rank, &copy->dims));
  if (!type->element) return OB_OK;
  ob_type_t *element;
  OB_TRY(OB_ARENA_NEW(&c->to->arena, &element));
  copy->element = element;
  return copy_type(c, type->element, element);
}

/* Two modules may call different things by one name. */
static bool same_constant(const ob_constant_t *a, const ob_constant_t *b) {
  return a->data == b->data && a->bytes == b->bytes && a->dtype == b->dtype && a->rank == b->rank &&
         (a->rank == 0 || memcmp(a->dims, b->dims, (size_t)a->rank * sizeof *a->dims) == 0);
}

static ob_status_t copy_constant(cloner_t *c, const ob_constant_t *constant, const ob_constant_t **copy) {
  *copy = constant;
  if (!constant || c->from == c->to) return OB_OK;
  *copy = c->constants[constant->index];
  if (*copy) return OB_OK;
  *copy = ob_map_get(&c->to->constants_by_name, constant->name);
  if (!*copy || !same_constant(*copy, constant))
    OB_TRY(ob_constant_create(c->to, constant->name, constant->dtype, constant->rank, constant->dims, constant->data, constant->bytes,
                              copy));
  c->constants[constant->index] = *copy;
  return OB_OK;
}

static ob_status_t copy_value(cloner_t *c, ob_graph_t *graph, const ob_value_t *value) {
  ob_value_t *copy;
  OB_TRY(ob_value_create(graph, value->name, &copy));
  c->values[value->id] = copy;
  OB_TRY(copy_type(c, &value->type, &copy->type));
  OB_TRY(copy_constant(c, value->constant, &copy->constant));
  copy->content_count = value->content_count;
  return copy_exprs(c, value->content, value->content_count, &copy->content);
}

static ob_status_t copy_attributes(cloner_t *c, const ob_node_t *node, ob_node_t *copy) {
  for (size_t i = 0; i < node->attribute_count; i++) {
    ob_attribute_t attribute = node->attributes[i];
    OB_TRY(copy_exprs(c, attribute.ints, attribute.count, &attribute.ints));
    OB_TRY(copy_constant(c, attribute.tensor, &attribute.tensor));
    OB_TRY(ob_node_set_attribute(copy, &attribute));
  }
  return OB_OK;
}

static ob_status_t copy_bodies(cloner_t *c, const ob_node_t *node, ob_node_t *copy) {
  ob_arena_t *arena = &c->to->arena;
  OB_TRY(OB_ARENA_ARRAY(arena, node->body_count, &copy->bodies));
  for (size_t b = 0; b < node->body_count; b++) {
    const ob_body_t *from = &node->bodies[b];
    ob_body_t *to = &copy->bodies[b];
    OB_TRY(ob_arena_strdup(arena, from->attribute, &to->attribute));
    OB_TRY(OB_ARENA_ARRAY(arena, from->capture_count, &to->captures));
    to->capture_count = from->capture_count;
    for (size_t i = 0; i < from->capture_count; i++) to->captures[i] = c->values[from->captures[i]->id];
    OB_TRY(clone(c, from->graph, &to->graph));
    copy->body_count = b + 1;
  }
  return OB_OK;
}

static ob_status_t copy_node(cloner_t *c, ob_graph_t *graph, const ob_node_t *node) {
  ob_node_t *copy;
  if (node->region) return ob_fail(OB_INTERNAL, "clone of a graph that is cut into regions");
  OB_TRY(ob_node_create(graph, node->op, node->name, node->input_count, node->output_count, &copy));
  for (size_t i = 0; i < node->input_count; i++) copy->inputs[i] = node->inputs[i] ? c->values[node->inputs[i]->id] : NULL;
  for (size_t i = 0; i < node->output_count; i++)
    if (node->outputs[i]) ob_node_set_output(copy, i, c->values[node->outputs[i]->id]);
  OB_TRY(copy_attributes(c, node, copy));
  return copy_bodies(c, node, copy);
}

static ob_status_t copy_graph(cloner_t *c, const ob_graph_t *graph, ob_graph_t *copy) {
  for (size_t i = 0; i < graph->values.count; i++) OB_TRY(copy_value(c, copy, graph->values.items[i]));
  for (size_t i = 0; i < graph->nodes.count; i++) OB_TRY(copy_node(c, copy, graph->nodes.items[i]));
  for (size_t i = 0; i < graph->inputs.count; i++) OB_TRY(ob_graph_add_input(copy, c->values[graph->inputs.items[i]->id]));
  for (size_t i = 0; i < graph->outputs.count; i++) OB_TRY(ob_graph_add_output(copy, c->values[graph->outputs.items[i]->id]));
  return OB_OK;
}

static ob_status_t clone(cloner_t *c, const ob_graph_t *graph, ob_graph_t **copy) {
  ob_value_t **outer = c->values;
  ob_status_t status = OB_NEW_ARRAY(c->to->allocator, graph->values.count, &c->values);
  if (status == OB_OK) status = ob_graph_create(c->to, graph->name, copy);
  if (status == OB_OK) status = copy_graph(c, graph, *copy);
  ob_free(c->to->allocator, c->values);
  c->values = outer;
  return status;
}

ob_status_t ob_graph_clone(const ob_graph_t *graph, ob_module_t *module, ob_graph_t **copy) {
  cloner_t cloner = {.from = graph->module, .to = module};
  *copy = NULL;
  if (cloner.from != module) OB_TRY(OB_NEW_ARRAY(module->allocator, cloner.from->constants.count, &cloner.constants));
  ob_status_t status = clone(&cloner, graph, copy);
  ob_free(module->allocator, cloner.constants);
  return status;
}
