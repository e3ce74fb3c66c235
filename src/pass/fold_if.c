/* An If whose condition is a constant becomes the branch that it takes. */
#include <string.h>

#include "graph/inline.h"
#include "pass/rewrite.h"

static const ob_body_t *branch(const ob_node_t *node, bool taken) {
  for (size_t b = 0; b < node->body_count; b++)
    if (strcmp(node->bodies[b].attribute, taken ? "then_branch" : "else_branch") == 0) return &node->bodies[b];
  return NULL;
}

/* A result that is an argument or a constant may already have a place of its own; an Identity keeps names apart. */
static ob_status_t connect(ob_graph_t *graph, ob_node_t *node, size_t index, ob_value_t *result) {
  ob_node_t *identity;
  ob_value_t *value;
  bool replaced;
  OB_TRY(ob_rewrite_replace(graph, node->outputs[index], result, &replaced));
  if (replaced) return OB_OK;
  OB_TRY(ob_node_create(graph, ob_op_find("", "Identity"), node->name, 1, 1, &identity));
  OB_TRY(ob_value_create(graph, node->outputs[index]->name, &value));
  identity->inputs[0] = result;
  value->type = result->type;
  ob_node_set_output(identity, 0, value);
  return ob_rewrite_replace(graph, node->outputs[index], value, &replaced);
}

static ob_status_t take_branch(ob_graph_t *graph, ob_node_t *node, const ob_body_t *body) {
  ob_value_t **results;
  OB_TRY(OB_ARENA_ARRAY(&graph->module->arena, body->graph->outputs.count, &results));
  OB_TRY(ob_graph_inline(graph, body->graph, body->captures, results));
  for (size_t i = 0; i < node->output_count && i < body->graph->outputs.count; i++)
    if (node->outputs[i]) OB_TRY(connect(graph, node, i, results[i]));
  return OB_OK;
}

static ob_status_t run(ob_graph_t *graph, const ob_pass_context_t *context, bool *changed) {
  size_t count = graph->nodes.count;
  (void)context;
  for (size_t i = 0; i < count; i++) {
    ob_node_t *node = graph->nodes.items[i];
    int64_t condition;
    if (!ob_rewrite_is(node, "If") || node->region || ob_rewrite_numbers(node, 0, &condition, 1) != 1) continue;
    const ob_body_t *body = branch(node, condition != 0);
    if (!body) continue;
    OB_TRY(take_branch(graph, node, body));
    *changed = true;
  }
  return OB_OK;
}

const ob_pass_t ob_pass_fold_if = {"fold_if", "takes the branch of an If whose condition is known", run};
