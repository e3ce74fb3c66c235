/* Inlining of bodies. */
#include "graph/inline.h"

/* values: by id of the body's values. */
static ob_status_t copy_values(ob_graph_t *graph, const ob_graph_t *body, ob_value_t *const *arguments, ob_value_t **values) {
  for (size_t i = 0; i < body->inputs.count; i++) values[body->inputs.items[i]->id] = arguments[i];
  for (size_t i = 0; i < body->values.count; i++) {
    const ob_value_t *value = body->values.items[i];
    if (values[i]) continue;
    OB_TRY(ob_value_create(graph, value->name, &values[i]));
    values[i]->type = value->type;
    values[i]->constant = value->constant;
    values[i]->content = value->content;
    values[i]->content_count = value->content_count;
  }
  return OB_OK;
}

static ob_status_t copy_node(ob_graph_t *graph, const ob_node_t *node, ob_value_t *const *values) {
  ob_arena_t *arena = &graph->module->arena;
  ob_node_t *copy;
  OB_TRY(ob_node_create(graph, node->op, node->name, node->input_count, node->output_count, &copy));
  for (size_t i = 0; i < node->input_count; i++) copy->inputs[i] = node->inputs[i] ? values[node->inputs[i]->id] : NULL;
  for (size_t i = 0; i < node->output_count; i++)
    if (node->outputs[i]) ob_node_set_output(copy, i, values[node->outputs[i]->id]);
  for (size_t i = 0; i < node->attribute_count; i++) OB_TRY(ob_node_set_attribute(copy, &node->attributes[i]));
  OB_TRY(OB_ARENA_ARRAY(arena, node->body_count, &copy->bodies));
  for (; copy->body_count < node->body_count; copy->body_count++) {
    const ob_body_t *from = &node->bodies[copy->body_count];
    ob_body_t *to = &copy->bodies[copy->body_count];
    *to = *from;
    OB_TRY(OB_ARENA_ARRAY(arena, from->capture_count, &to->captures));
    for (size_t i = 0; i < from->capture_count; i++) to->captures[i] = values[from->captures[i]->id];
  }
  return OB_OK;
}

static ob_status_t inline_body(ob_graph_t *graph, const ob_graph_t *body, ob_value_t *const *arguments, ob_value_t **values) {
  OB_TRY(copy_values(graph, body, arguments, values));
  for (size_t i = 0; i < body->nodes.count; i++) OB_TRY(copy_node(graph, body->nodes.items[i], values));
  return OB_OK;
}

ob_status_t ob_graph_inline(ob_graph_t *graph, const ob_graph_t *body, ob_value_t *const *arguments, ob_value_t **results) {
  ob_value_t **values;
  OB_TRY(OB_NEW_ARRAY(graph->module->allocator, body->values.count, &values));
  ob_status_t status = inline_body(graph, body, arguments, values);
  for (size_t i = 0; status == OB_OK && i < body->outputs.count; i++) results[i] = values[body->outputs.items[i]->id];
  ob_free(graph->module->allocator, values);
  return status;
}
