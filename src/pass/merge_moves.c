/* Transposes of transposes become one; views (Reshape, Squeeze, Unsqueeze, Flatten) that lead back to an earlier shape go away. */
#include "pass/match.h"

/* Entry i: which axis of the input is axis i of the output. */
static bool read_perm(const ob_node_t *node, int64_t *perm, int32_t rank) {
  const ob_attribute_t *stated = ob_node_stated(node, "perm");
  if (stated && stated->count != (size_t)rank) return false;
  for (int32_t i = 0; i < rank; i++) {
    perm[i] = rank - 1 - i;
    if (stated && !ob_expr_is_const(stated->ints[i], &perm[i])) return false;
    if (perm[i] < 0 || perm[i] >= rank) return false;
  }
  return true;
}

static ob_status_t merge_transposes(ob_node_t *node, bool *changed) {
  int64_t outer[OB_MAX_RANK], inner[OB_MAX_RANK], both[OB_MAX_RANK];
  const ob_node_t *first = ob_match_made_by(node->inputs[0], "Transpose");
  int32_t rank = first ? first->inputs[0]->type.rank : -1;
  ob_node_t *made;
  if (rank < 0 || !read_perm(node, outer, rank) || !read_perm(first, inner, rank)) return OB_OK;
  for (int32_t i = 0; i < rank; i++) both[i] = inner[outer[i]];
  *changed = true;
  OB_TRY(ob_match_put(node, "Transpose", first->inputs, 1, &made));
  return ob_node_set_ints(made, "perm", both, (size_t)rank);
}

static bool is_view(const ob_node_t *node) {
  return ob_match_is(node, "Reshape") || ob_match_is(node, "Squeeze") || ob_match_is(node, "Unsqueeze") ||
         ob_match_is(node, "Flatten");
}

/* The earliest value that this view's bytes come from and that has its shape already. */
static ob_value_t *origin(const ob_node_t *node) {
  ob_value_t *found = NULL;
  for (const ob_node_t *n = node; n && is_view(n); n = n->inputs[0]->producer)
    if (ob_rewrite_same_type(&n->inputs[0]->type, &node->outputs[0]->type)) found = n->inputs[0];
  return found;
}

static ob_status_t merge(ob_match_t *m, ob_node_t *node, bool *changed) {
  bool replaced;
  if (ob_match_is(node, "Transpose")) return merge_transposes(node, changed);
  ob_value_t *earlier = is_view(node) ? origin(node) : NULL;
  if (!earlier) return OB_OK;
  OB_TRY(ob_rewrite_replace(m->graph, node->outputs[0], earlier, &replaced));
  *changed |= replaced;
  return OB_OK;
}

static ob_status_t run(ob_graph_t *graph, const ob_pass_context_t *context, bool *changed) {
  (void)context;
  return ob_match_run(graph, merge, changed);
}

const ob_pass_t ob_pass_merge_moves = {"merge_moves", "makes one Transpose of several, takes views away that cancel out", run};
