/* exp(x) / sum(exp(x)) becomes Softmax, and x - log(sum(exp(x))) LogSoftmax, also when something was subtracted from x first that
 * is the same along the axis: its maximum, for instance. */
#include "pass/match.h"

/* value = sum of exp(*x) along the axis; `*power` is the exp. It has the dims of x again where it is used. */
static bool is_sum(ob_value_t *value, ob_value_t **power, ob_value_t **x, int32_t *axis) {
  ob_value_t *sum = ob_match_unshaped(value);
  if (!sum->producer || !ob_match_reduces(sum->producer, "ReduceSum", axis)) return false;
  const ob_node_t *exp = ob_match_made_by(sum->producer->inputs[0], "Exp");
  if (!exp) return false;
  *power = exp->outputs[0];
  *x = exp->inputs[0];
  return ob_match_keeps_dims(value, *x, *axis);
}

/* x - m is as good as x. */
static ob_value_t *without_shift(ob_value_t *x, int32_t axis) {
  const ob_node_t *sub = ob_match_made_by(x, "Sub");
  if (!sub || sub->input_count != 2 || !sub->inputs[1] || !ob_match_keeps_dims(sub->inputs[1], x, axis)) return x;
  return ob_rewrite_same_type(&sub->inputs[0]->type, &x->type) ? sub->inputs[0] : x;
}

/* node = power / sum, or power * (1 / sum) */
static const char *is_softmax(const ob_node_t *node, ob_value_t **x, int32_t *axis) {
  ob_value_t *power;
  if (ob_match_is(node, "Div")) return is_sum(node->inputs[1], &power, x, axis) && node->inputs[0] == power ? "Softmax" : NULL;
  for (size_t i = 0; i < 2; i++) {
    const ob_node_t *inverse = ob_match_made_by(node->inputs[i], "Reciprocal");
    if (inverse && is_sum(inverse->inputs[0], &power, x, axis) && node->inputs[1 - i] == power) return "Softmax";
  }
  return NULL;
}

/* node = x - log(sum of exp(x)) */
static const char *is_log_softmax(const ob_node_t *node, ob_value_t **x, int32_t *axis) {
  ob_value_t *power;
  const ob_node_t *log = ob_match_made_by(ob_match_unshaped(node->inputs[1]), "Log");
  if (!log || !is_sum(log->inputs[0], &power, x, axis)) {
    /* the shape may come back behind the logarithm only */
    ob_value_t *sum = log ? ob_match_unshaped(log->inputs[0]) : NULL;
    if (!sum || !sum->producer || !ob_match_reduces(sum->producer, "ReduceSum", axis)) return NULL;
    const ob_node_t *exp = ob_match_made_by(sum->producer->inputs[0], "Exp");
    if (!exp) return NULL;
    *x = exp->inputs[0];
  }
  return *x == node->inputs[0] && ob_match_keeps_dims(node->inputs[1], *x, *axis) ? "LogSoftmax" : NULL;
}

static ob_status_t fuse(ob_match_t *m, ob_node_t *node, bool *changed) {
  int32_t axis;
  ob_value_t *x;
  ob_node_t *fused;
  const char *op = NULL;
  (void)m;
  if (node->input_count != 2 || !node->inputs[1] || node->outputs[0]->type.dtype != OB_FLOAT32) return OB_OK;
  if (ob_match_is(node, "Div") || ob_match_is(node, "Mul")) op = is_softmax(node, &x, &axis);
  if (ob_match_is(node, "Sub")) op = is_log_softmax(node, &x, &axis);
  if (!op) return OB_OK;
  x = without_shift(x, axis);
  if (!ob_rewrite_same_type(&x->type, &node->outputs[0]->type)) return OB_OK;
  OB_TRY(ob_match_put(node, op, &x, 1, &fused));
  *changed = true;
  return ob_node_set_int(fused, "axis", axis - x->type.rank);
}

static ob_status_t run(ob_graph_t *graph, const ob_pass_context_t *context, bool *changed) {
  (void)context;
  return ob_match_run(graph, fuse, changed);
}

const ob_pass_t ob_pass_fuse_softmax = {"fuse_softmax", "recognises Softmax and LogSoftmax", run};
