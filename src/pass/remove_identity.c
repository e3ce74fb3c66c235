/* Takes away nodes that hand their input on unchanged. */
#include <string.h>

#include "pass/rewrite.h"

static bool same_shape(const ob_node_t *node) { return ob_rewrite_same_type(&node->inputs[0]->type, &node->outputs[0]->type); }

static bool is_used(const ob_graph_t *graph, const ob_value_t *value) {
  if (!value) return false;
  if (ob_rewrite_is_output(graph, value)) return true;
  for (size_t i = 0; i < graph->nodes.count; i++) {
    const ob_node_t *node = graph->nodes.items[i];
    for (size_t k = 0; k < node->input_count; k++)
      if (node->inputs[k] == value) return true;
    for (size_t b = 0; b < node->body_count; b++)
      for (size_t k = 0; k < node->bodies[b].capture_count; k++)
        if (node->bodies[b].captures[k] == value) return true;
  }
  return false;
}

static bool always(const ob_graph_t *graph, const ob_node_t *node) {
  (void)graph, (void)node;
  return true;
}

static bool keeps_shape(const ob_graph_t *graph, const ob_node_t *node) {
  (void)graph;
  return same_shape(node);
}

static bool is_single(const ob_graph_t *graph, const ob_node_t *node) {
  (void)graph;
  return node->input_count == 1;
}

/* Dropout does nothing unless it is told to train, and its mask is not asked for. */
static bool is_inference_dropout(const ob_graph_t *graph, const ob_node_t *node) {
  int64_t training;
  if (node->output_count > 1 && is_used(graph, node->outputs[1])) return false;
  if (node->input_count < 3 || !node->inputs[2]) return true;
  return ob_rewrite_numbers(node, 2, &training, 1) == 1 && training == 0;
}

static bool keeps_order(const ob_graph_t *graph, const ob_node_t *node) {
  (void)graph;
  const ob_attribute_t *perm = ob_node_stated(node, "perm");
  if (!perm) return node->inputs[0]->type.rank >= 0 && node->inputs[0]->type.rank < 2;
  for (size_t i = 0; i < perm->count; i++)
    if (!ob_expr_is(perm->ints[i], (int64_t)i)) return false;
  return true;
}

static bool pads_nothing(const ob_graph_t *graph, const ob_node_t *node) {
  int64_t pads[2 * OB_MAX_RANK];
  (void)graph;
  int count = ob_rewrite_numbers(node, 1, pads, 2 * OB_MAX_RANK);
  for (int i = 0; i < count; i++)
    if (pads[i] != 0) return false;
  return count >= 0;
}

/* With steps of one, a slice of full size is the whole. */
static bool slices_all(const ob_graph_t *graph, const ob_node_t *node) {
  int64_t steps[OB_MAX_RANK];
  (void)graph;
  if (!same_shape(node)) return false;
  if (node->input_count < 5 || !node->inputs[4]) return true;
  int count = ob_rewrite_numbers(node, 4, steps, OB_MAX_RANK);
  for (int i = 0; i < count; i++)
    if (steps[i] != 1) return false;
  return count >= 0;
}

static const struct {
  const char *op;
  bool (*is_identity)(const ob_graph_t *graph, const ob_node_t *node);
} rules[] = {
    {"Identity", always},     {"Dropout", is_inference_dropout}, {"Cast", keeps_shape},    {"Reshape", keeps_shape},
    {"Flatten", keeps_shape}, {"Squeeze", keeps_shape},          {"Unsqueeze", keeps_shape}, {"Expand", keeps_shape},
    {"Transpose", keeps_order}, {"Concat", is_single},           {"Sum", is_single},       {"Max", is_single},
    {"Min", is_single},       {"Mean", is_single},               {"Pad", pads_nothing},    {"Slice", slices_all},
};

static bool is_identity(const ob_graph_t *graph, const ob_node_t *node) {
  if (node->input_count == 0 || node->output_count == 0 || !node->inputs[0] || !node->outputs[0]) return false;
  for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
    if (ob_rewrite_is(node, rules[i].op)) return rules[i].is_identity(graph, node);
  return false;
}

static ob_status_t run(ob_graph_t *graph, const ob_pass_context_t *context, bool *changed) {
  (void)context;
  for (size_t i = 0; i < graph->nodes.count; i++) {
    const ob_node_t *node = graph->nodes.items[i];
    bool replaced;
    if (!is_identity(graph, node)) continue;
    /* what inference knew of the output, of its rank say, is not lost */
    if (node->inputs[0]->type.rank < 0) node->inputs[0]->type = node->outputs[0]->type;
    OB_TRY(ob_rewrite_replace(graph, node->outputs[0], node->inputs[0], &replaced));
    *changed |= replaced;
  }
  return OB_OK;
}

const ob_pass_t ob_pass_remove_identity = {"remove_identity", "takes away nodes that change nothing", run};
