/* Walking decision trees: see forest.h. */
#include "ref/ml/forest.h"

#include <math.h>
#include <string.h>

static bool is_member(const ob_ref_forest_t *forest, const ob_ref_node_t *node, double value) {
  for (size_t i = 0; i < node->count; i++)
    if (forest->members[node->first + i] == value) return true;
  return false;
}

/* A missing value (NaN) goes where the node says, whatever it compares. */
static bool branch(const ob_ref_forest_t *forest, const ob_ref_node_t *node, double value) {
  if (isnan(value)) return node->missing_is_true;
  switch (node->mode) {
    case OB_REF_LEQ: return value <= node->split;
    case OB_REF_LT: return value < node->split;
    case OB_REF_GTE: return value >= node->split;
    case OB_REF_GT: return value > node->split;
    case OB_REF_EQ: return value == node->split;
    case OB_REF_NEQ: return value != node->split;
    default: return is_member(forest, node, value);
  }
}

static void take(const ob_ref_vote_t *vote, ob_ref_aggregate_t aggregate, double *scores, bool *voted) {
  double *score = &scores[vote->target];
  bool first = !voted[vote->target];
  voted[vote->target] = true;
  if (aggregate == OB_REF_MIN)
    *score = first || vote->weight < *score ? vote->weight : *score;
  else if (aggregate == OB_REF_MAX)
    *score = first || vote->weight > *score ? vote->weight : *score;
  else
    *score += vote->weight;
}

ob_status_t ob_ref_forest_vote(const ob_ref_forest_t *forest, const ob_tensor_t *x, size_t row, ob_ref_aggregate_t aggregate,
                               size_t targets, double *scores, bool *voted) {
  size_t features = ob_ref_rows(x).features;
  for (size_t t = 0; t < targets; t++) {
    scores[t] = 0;
    voted[t] = false;
  }
  for (size_t r = 0; r < forest->root_count; r++) {
    const ob_ref_node_t *node = &forest->nodes[forest->roots[r]];
    for (size_t steps = 0; node->mode != OB_REF_LEAF; steps++) {
      if (steps >= forest->node_count) return ob_fail(OB_INVALID_MODEL, "the nodes of tree %zu form a cycle", r);
      bool yes = branch(forest, node, ob_ref_get(x->dtype, x->data, row * features + node->feature));
      node = &forest->nodes[yes ? node->yes : node->no];
    }
    for (size_t v = 0; v < node->count; v++) take(&forest->votes[node->first + v], aggregate, scores, voted);
  }
  for (size_t t = 0; aggregate == OB_REF_AVERAGE && t < targets; t++) scores[t] /= (double)forest->root_count;
  return OB_OK;
}
