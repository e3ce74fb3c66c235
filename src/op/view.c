/* Builds the structs of outboard/engine.h from a graph: once a region, all in one arena. */
#include "op/view.h"

#include <string.h>

#include "base/dtype.h"

/* A view under construction; entries by value and node id. */
typedef struct {
  const ob_graph_t *graph;
  ob_arena_t *arena;
  ob_value_view_t **values;
  ob_node_view_t **nodes;
} builder_t;

static ob_status_t set_dims(builder_t *b, const ob_type_t *type, ob_value_view_t *view) {
  ob_expr_pool_t *exprs = b->graph->module->exprs;
  int64_t *dims;
  const char **texts;
  OB_TRY(OB_ARENA_ARRAY(b->arena, (size_t)type->rank, &dims));
  OB_TRY(OB_ARENA_ARRAY(b->arena, (size_t)type->rank, &texts));
  for (int32_t i = 0; i < type->rank; i++) {
    if (!ob_expr_is_const(type->dims[i], &dims[i])) dims[i] = OB_DYNAMIC;
    OB_TRY(ob_expr_text(exprs, type->dims[i], &texts[i]));
  }
  view->dims = dims;
  view->dim_texts = texts;
  return OB_OK;
}

static ob_status_t build_value(builder_t *b, const ob_value_t *value) {
  ob_value_view_t *view;
  OB_TRY(OB_ARENA_NEW(b->arena, &view));
  *view = (ob_value_view_t){.struct_size = sizeof *view,
                            .index = value->id,
                            .name = value->name,
                            .kind = value->type.kind,
                            .dtype = value->type.dtype,
                            .rank = value->type.rank,
                            .constant = value->constant ? value->constant->data : NULL,
                            .is_constant = value->constant != NULL,
                            .has_content = value->content != NULL,
                            .producer = value->producer ? (int32_t)value->producer->id : -1,
                            .producer_output = value->output};
  b->values[value->id] = view;
  return value->type.rank >= 0 ? set_dims(b, &value->type, view) : OB_OK;
}

/* A tensor attribute as a plain run-time tensor. */
static ob_status_t set_tensor(builder_t *b, const ob_constant_t *constant, ob_attribute_view_t *view) {
  ob_tensor_t *tensor;
  OB_TRY(OB_ARENA_NEW(b->arena, &tensor));
  *tensor = (ob_tensor_t){.kind = OB_TENSOR,
                          .dtype = constant->dtype,
                          .rank = constant->rank,
                          .dims = constant->dims,
                          .data = (void *)(uintptr_t)constant->data,
                          .bytes = constant->bytes};
  view->tensor = tensor;
  return OB_OK;
}

static ob_status_t set_ints(builder_t *b, const ob_attribute_t *attribute, ob_attribute_view_t *view) {
  int64_t *ints;
  OB_TRY(OB_ARENA_ARRAY(b->arena, attribute->count, &ints));
  for (size_t i = 0; i < attribute->count; i++) view->symbolic |= !ob_expr_is_const(attribute->ints[i], &ints[i]);
  view->ints = ints;
  return OB_OK;
}

static ob_status_t view_stated(builder_t *b, const ob_attribute_t *attribute, ob_attribute_view_t **out) {
  ob_attribute_view_t *view;
  OB_TRY(OB_ARENA_NEW(b->arena, &view));
  *view = (ob_attribute_view_t){.struct_size = sizeof *view,
                                .name = attribute->name,
                                .kind = attribute->kind,
                                .count = attribute->count,
                                .floats = attribute->floats,
                                .strings = attribute->strings};
  *out = view;
  if (attribute->tensor) OB_TRY(set_tensor(b, attribute->tensor, view));
  return attribute->ints ? set_ints(b, attribute, view) : OB_OK;
}

static ob_status_t view_default(builder_t *b, const ob_op_attribute_t *attribute, ob_attribute_view_t **out) {
  ob_attribute_view_t *view;
  ob_string_t *string;
  OB_TRY(OB_ARENA_NEW(b->arena, &view));
  *view = (ob_attribute_view_t){.struct_size = sizeof *view, .name = attribute->name, .kind = attribute->kind, .count = 1};
  *out = view;
  switch (attribute->kind) {
    case OB_ATTRIBUTE_INT:
      view->ints = &attribute->int_value;
      break;
    case OB_ATTRIBUTE_FLOAT:
      view->floats = &attribute->float_value;
      break;
    case OB_ATTRIBUTE_STRING:
      OB_TRY(OB_ARENA_NEW(b->arena, &string));
      *string = (ob_string_t){attribute->string_value, strlen(attribute->string_value)};
      view->strings = string;
      break;
    default:
      view->ints = attribute->ints_value;
      view->count = attribute->ints_count;
  }
  return OB_OK;
}

/* What the model states, then the operator's defaults for the rest. */
static ob_status_t set_attributes(builder_t *b, const ob_node_t *node, ob_node_view_t *view) {
  const ob_op_t *op = node->op;
  ob_attribute_view_t **list;
  OB_TRY(OB_ARENA_ARRAY(b->arena, node->attribute_count + op->attribute_count, &list));
  for (size_t i = 0; i < node->attribute_count; i++) OB_TRY(view_stated(b, &node->attributes[i], &list[view->attribute_count++]));
  for (size_t i = 0; i < op->attribute_count; i++)
    if (op->attributes[i].presence == OB_DEFAULT && !ob_node_stated(node, op->attributes[i].name))
      OB_TRY(view_default(b, &op->attributes[i], &list[view->attribute_count++]));
  view->attributes = (const ob_attribute_view_t *const *)list;
  return OB_OK;
}

static ob_status_t list_values(builder_t *b, ob_value_t *const *values, size_t count, const ob_value_view_t *const **out) {
  const ob_value_view_t **list;
  OB_TRY(OB_ARENA_ARRAY(b->arena, count, &list));
  for (size_t i = 0; i < count; i++) list[i] = values[i] ? b->values[values[i]->id] : NULL;
  *out = list;
  return OB_OK;
}

static ob_status_t build_node(builder_t *b, const ob_node_t *node) {
  ob_node_view_t *view;
  OB_TRY(OB_ARENA_NEW(b->arena, &view));
  *view = (ob_node_view_t){.struct_size = sizeof *view,
                           .index = node->id,
                           .name = node->name,
                           .op = node->op->name,
                           .domain = node->op->domain,
                           .since = node->op->since,
                           .input_count = node->input_count,
                           .output_count = node->output_count};
  b->nodes[node->id] = view;
  for (size_t i = 0; i < node->input_count; i++)
    if (node->inputs[i]) b->values[node->inputs[i]->id]->use_count++;
  for (size_t k = 0; k < node->body_count; k++)
    for (size_t i = 0; i < node->bodies[k].capture_count; i++) b->values[node->bodies[k].captures[i]->id]->use_count++;
  OB_TRY(list_values(b, node->inputs, node->input_count, &view->inputs));
  OB_TRY(list_values(b, node->outputs, node->output_count, &view->outputs));
  return set_attributes(b, node, view);
}

ob_status_t ob_view_create(const ob_graph_t *graph, const char *symbol, void *host, ob_arena_t *arena, ob_region_view_t **out) {
  builder_t b = {.graph = graph, .arena = arena};
  ob_region_view_t *view;
  OB_TRY(OB_ARENA_NEW(arena, &view));
  OB_TRY(OB_ARENA_ARRAY(arena, graph->values.count, &b.values));
  OB_TRY(OB_ARENA_ARRAY(arena, graph->nodes.count, &b.nodes));
  for (size_t i = 0; i < graph->values.count; i++) OB_TRY(build_value(&b, graph->values.items[i]));
  for (size_t i = 0; i < graph->nodes.count; i++) OB_TRY(build_node(&b, graph->nodes.items[i]));
  for (size_t i = 0; i < graph->inputs.count; i++) b.values[graph->inputs.items[i]->id]->is_input = true;
  for (size_t i = 0; i < graph->outputs.count; i++) b.values[graph->outputs.items[i]->id]->is_output = true;
  *view = (ob_region_view_t){.struct_size = sizeof *view,
                             .symbol = symbol,
                             .node_count = graph->nodes.count,
                             .value_count = graph->values.count,
                             .input_count = graph->inputs.count,
                             .output_count = graph->outputs.count,
                             .nodes = (const ob_node_view_t *const *)b.nodes,
                             .values = (const ob_value_view_t *const *)b.values,
                             .host = host};
  OB_TRY(list_values(&b, graph->inputs.items, graph->inputs.count, &view->inputs));
  OB_TRY(list_values(&b, graph->outputs.items, graph->outputs.count, &view->outputs));
  *out = view;
  return OB_OK;
}
