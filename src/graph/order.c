/* Order and removal. */
#include <string.h>

#include "graph/graph.h"

/* Calls `visit` for every value that a node reads, captures included. */
static bool each_read(const ob_node_t *node, bool (*visit)(void *arg, ob_value_t *value), void *arg) {
  for (size_t i = 0; i < node->input_count; i++)
    if (node->inputs[i] && !visit(arg, node->inputs[i])) return false;
  for (size_t b = 0; b < node->body_count; b++)
    for (size_t i = 0; i < node->bodies[b].capture_count; i++)
      if (!visit(arg, node->bodies[b].captures[i])) return false;
  return true;
}

/* ---------------------------------------------------------------- sorting */

static void number_nodes(ob_graph_t *graph) {
  for (size_t i = 0; i < graph->nodes.count; i++) graph->nodes.items[i]->id = (uint32_t)i;
}

/* What `node` reads, one after the other: inputs, then the captures of its bodies. False past the end. */
static bool operand(const ob_node_t *node, size_t index, ob_value_t **value) {
  if (index < node->input_count) return *value = node->inputs[index], true;
  index -= node->input_count;
  for (size_t i = 0; i < node->body_count; i++) {
    if (index < node->bodies[i].capture_count) return *value = node->bodies[i].captures[index], true;
    index -= node->bodies[i].capture_count;
  }
  return false;
}

enum { UNSEEN, OPEN, DONE };
typedef struct frame {
  ob_node_t *node;
  size_t next; /* operand to look at */
} frame_t;

typedef struct sorter {
  ob_graph_t *graph;
  uint8_t *state;     /* [node] */
  frame_t *stack;     /* at most a frame a node */
  ob_node_t **sorted;
  size_t depth, count;
} sorter_t;

/* Puts the nodes that `root` needs, and then itself, at the end of the sorted ones. */
static ob_status_t visit(sorter_t *s, ob_node_t *root) {
  if (s->state[root->id] == DONE) return OB_OK;
  s->stack[0] = (frame_t){root, 0};
  s->depth = 1;
  s->state[root->id] = OPEN;
  while (s->depth > 0) {
    frame_t *top = &s->stack[s->depth - 1];
    ob_value_t *value;
    if (!operand(top->node, top->next++, &value)) {
      s->state[top->node->id] = DONE;
      s->sorted[s->count++] = top->node;
      s->depth--;
      continue;
    }
    ob_node_t *producer = value ? value->producer : NULL;
    if (!producer || producer->graph != s->graph || s->state[producer->id] == DONE) continue;
    if (s->state[producer->id] == OPEN)
      return ob_fail(OB_INVALID_MODEL, "node '%s' depends on its own output", ob_quote(producer->name));
    s->state[producer->id] = OPEN;
    s->stack[s->depth++] = (frame_t){producer, 0};
  }
  return OB_OK;
}

ob_status_t ob_graph_sort(ob_graph_t *graph) {
  const ob_allocator_t *allocator = graph->module->allocator;
  size_t count = graph->nodes.count;
  sorter_t s = {.graph = graph};
  number_nodes(graph);
  ob_status_t status = OB_NEW_ARRAY(allocator, count, &s.state);
  if (status == OB_OK) status = OB_NEW_ARRAY(allocator, count, &s.stack);
  if (status == OB_OK) status = OB_NEW_ARRAY(allocator, count, &s.sorted);
  for (size_t i = 0; status == OB_OK && i < count; i++) status = visit(&s, graph->nodes.items[i]);
  if (status == OB_OK && count > 0) {
    memcpy(graph->nodes.items, s.sorted, count * sizeof *s.sorted);
    number_nodes(graph);
  }
  ob_free(allocator, s.state);
  ob_free(allocator, s.stack);
  ob_free(allocator, s.sorted);
  return status;
}

/* ---------------------------------------------------------------- removal */

void ob_graph_remove_nodes(ob_graph_t *graph, const bool *removed) {
  size_t count = 0;
  for (size_t i = 0; i < graph->nodes.count; i++)
    if (!removed[i]) graph->nodes.items[count++] = graph->nodes.items[i];
  graph->nodes.count = count;
  number_nodes(graph);
}

static bool mark_value(void *arg, ob_value_t *value) {
  ((bool *)arg)[value->id] = true;
  return true;
}

/* Backwards: a node lives if one of its outputs does; then what it reads lives. Unwanted outputs of living nodes stay values. */
static void mark_living(const ob_graph_t *graph, bool *values, bool *dead_nodes) {
  for (size_t i = 0; i < graph->outputs.count; i++) values[graph->outputs.items[i]->id] = true;
  for (size_t i = graph->nodes.count; i-- > 0;) {
    const ob_node_t *node = graph->nodes.items[i];
    bool lives = false;
    for (size_t k = 0; k < node->output_count; k++) lives |= node->outputs[k] && values[node->outputs[k]->id];
    dead_nodes[i] = !lives;
    if (lives) each_read(node, mark_value, values);
  }
  for (size_t i = 0; i < graph->nodes.count; i++)
    for (size_t k = 0; !dead_nodes[i] && k < graph->nodes.items[i]->output_count; k++)
      if (graph->nodes.items[i]->outputs[k]) values[graph->nodes.items[i]->outputs[k]->id] = true;
  for (size_t i = 0; i < graph->inputs.count; i++) values[graph->inputs.items[i]->id] = true;
}

static ob_status_t drop_values(ob_graph_t *graph, const bool *kept) {
  size_t count = 0;
  ob_map_t names;
  ob_map_init(&names, graph->module->allocator);
  for (size_t i = 0; i < graph->values.count; i++) {
    if (!kept[i]) continue;
    ob_status_t status = ob_map_set(&names, graph->values.items[i]->name, graph->values.items[i]);
    if (status != OB_OK) {
      ob_map_free(&names);
      return status;
    }
  }
  for (size_t i = 0; i < graph->values.count; i++) {
    if (!kept[i]) continue;
    graph->values.items[i]->id = (uint32_t)count;
    graph->values.items[count++] = graph->values.items[i];
  }
  graph->values.count = count;
  ob_map_free(&graph->value_names);
  graph->value_names = names;
  return OB_OK;
}

ob_status_t ob_graph_compact(ob_graph_t *graph) {
  bool *marks;
  OB_TRY(OB_NEW_ARRAY(graph->module->allocator, graph->values.count + graph->nodes.count, &marks));
  bool *dead = marks + graph->values.count;
  mark_living(graph, marks, dead);
  ob_status_t status = drop_values(graph, marks);
  if (status == OB_OK) ob_graph_remove_nodes(graph, dead);
  ob_free(graph->module->allocator, marks);
  return status;
}
