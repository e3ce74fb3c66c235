/* The invariants of a graph, and of the bodies and regions in it. */
#include "graph/graph.h"

static ob_status_t broken(const ob_graph_t *graph, const char *name, const char *words) {
  return ob_fail(OB_INTERNAL, "graph '%s', '%s': %s", ob_quote(graph->name), ob_quote(name), words);
}

/* The value is one of this graph's. */
static bool is_ours(const ob_graph_t *graph, const ob_value_t *value) {
  return value->id < graph->values.count && graph->values.items[value->id] == value;
}

static ob_status_t check_value(const ob_graph_t *graph, const ob_value_t *value, uint32_t id) {
  const ob_node_t *producer = value->producer;
  const ob_type_t *type = &value->type;
  if (value->id != id) return broken(graph, value->name, "the value's id is not its place");
  if (ob_map_get(&graph->value_names, value->name) != value) return broken(graph, value->name, "the name is not unique");
  if (value->constant && producer) return broken(graph, value->name, "a constant has a producer");
  if (type->rank < -1 || type->rank > OB_MAX_RANK) return broken(graph, value->name, "bad rank");
  if (type->rank > 0 && !type->dims) return broken(graph, value->name, "a rank without dims");
  if (!producer) return OB_OK;
  if (producer->graph != graph || producer->id >= graph->nodes.count || graph->nodes.items[producer->id] != producer)
    return broken(graph, value->name, "the producer is not in the graph");
  if (value->output >= producer->output_count || producer->outputs[value->output] != value)
    return broken(graph, value->name, "the producer does not make the value");
  return OB_OK;
}

/* A value that node `id` may read. */
static ob_status_t check_operand(const ob_graph_t *graph, const bool *is_input, const ob_node_t *node,
                                 const ob_value_t *value) {
  bool made = value->producer || value->constant || value->content || (is_ours(graph, value) && is_input[value->id]);
  if (!is_ours(graph, value) || !made || (value->producer && value->producer->id >= node->id))
    return broken(graph, node->name, "a value is read too early or from outside");
  return OB_OK;
}

static ob_status_t check_bodies(const ob_graph_t *graph, const bool *is_input, const ob_node_t *node) {
  for (size_t i = 0; i < node->body_count; i++) {
    const ob_body_t *body = &node->bodies[i];
    if (!body->graph || body->graph->module != graph->module) return broken(graph, node->name, "a body of another module");
    if (body->capture_count > body->graph->inputs.count) return broken(graph, node->name, "more captures than inputs");
    for (size_t k = 0; k < body->capture_count; k++) OB_TRY(check_operand(graph, is_input, node, body->captures[k]));
    OB_TRY(ob_graph_check(body->graph));
  }
  return node->region ? ob_graph_check(node->region->body) : OB_OK;
}

static ob_status_t check_node(const ob_graph_t *graph, const bool *is_input, const ob_node_t *node, uint32_t id) {
  if (node->id != id || node->graph != graph) return broken(graph, node->name, "the node's id is not its place");
  for (size_t i = 0; i < node->input_count; i++)
    if (node->inputs[i]) OB_TRY(check_operand(graph, is_input, node, node->inputs[i]));
  for (size_t i = 0; i < node->output_count; i++) {
    const ob_value_t *value = node->outputs[i];
    if (!value) continue;
    if (!is_ours(graph, value)) return broken(graph, node->name, "makes a value of another graph");
    if (value->producer != node || value->output != i) return broken(graph, node->name, "an output has another producer");
    if (is_input[value->id]) return broken(graph, node->name, "makes an input of the graph");
  }
  if (node->region && (node->region->body->inputs.count != node->input_count ||
                       node->region->body->outputs.count != node->output_count))
    return broken(graph, node->name, "the region has other inputs and outputs than its call");
  return check_bodies(graph, is_input, node);
}

static ob_status_t check_all(const ob_graph_t *graph, bool *is_input) {
  for (size_t i = 0; i < graph->values.count; i++) OB_TRY(check_value(graph, graph->values.items[i], (uint32_t)i));
  for (size_t i = 0; i < graph->inputs.count; i++) {
    const ob_value_t *value = graph->inputs.items[i];
    if (!is_ours(graph, value)) return broken(graph, value->name, "an input is a value of another graph");
    if (value->producer || value->constant) return broken(graph, value->name, "an input that something else makes");
    if (is_input[value->id]) return broken(graph, value->name, "an input twice");
    is_input[value->id] = true;
  }
  for (size_t i = 0; i < graph->nodes.count; i++) OB_TRY(check_node(graph, is_input, graph->nodes.items[i], (uint32_t)i));
  for (size_t i = 0; i < graph->outputs.count; i++) {
    const ob_value_t *value = graph->outputs.items[i];
    if (!is_ours(graph, value)) return broken(graph, value->name, "an output is a value of another graph");
    if (!value->producer && !value->constant && !value->content && !is_input[value->id])
      return broken(graph, value->name, "an output that nobody makes");
  }
  return OB_OK;
}

ob_status_t ob_graph_check(const ob_graph_t *graph) {
  bool *is_input;
  OB_TRY(OB_NEW_ARRAY(graph->module->allocator, graph->values.count, &is_input));
  ob_status_t status = check_all(graph, is_input);
  ob_free(graph->module->allocator, is_input);
  return status;
}
