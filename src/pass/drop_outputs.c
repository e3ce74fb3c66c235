/* Optional outputs that nobody reads are not asked for: masks of Dropout, indices of MaxPool, states of LSTM. */
#include "pass/match.h"

static bool is_optional(const ob_op_t *op, size_t output) {
  if (op->output_count == 0 || (output >= op->output_count && op->variadic_outputs)) return false;
  return output < op->output_count && output >= op->min_outputs && op->outputs[output].optional;
}

static ob_status_t run(ob_graph_t *graph, const ob_pass_context_t *context, bool *changed) {
  ob_match_t m;
  (void)context;
  OB_TRY(ob_match_begin(graph, &m));
  for (size_t i = 0; i < graph->nodes.count; i++) {
    ob_node_t *node = graph->nodes.items[i];
    for (size_t k = 0; !node->region && k < node->output_count; k++)
      if (node->outputs[k] && m.uses[node->outputs[k]->id] == 0 && is_optional(node->op, k)) {
        node->outputs[k]->producer = NULL;
        node->outputs[k] = NULL;
        *changed = true;
      }
    while (node->output_count > 1 && !node->region && !node->outputs[node->output_count - 1] &&
           is_optional(node->op, node->output_count - 1))
      node->output_count--;
  }
  ob_match_end(&m);
  return OB_OK;
}

const ob_pass_t ob_pass_drop_outputs = {"drop_outputs", "leaves out optional outputs that nobody reads", run};
