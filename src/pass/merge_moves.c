/* Transposes of transposes become one, with an Unsqueeze between them too; views (Reshape, Squeeze, Unsqueeze, Flatten) that lead
 * back to an earlier shape go away. */
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

/* ------------------------------------------------------------ around an Unsqueeze */

typedef struct around {
  const ob_node_t *first;                       /* the Transpose before the Unsqueeze */
  int64_t perm[OB_MAX_RANK], axes[OB_MAX_RANK]; /* what is left of both, and where the new axes are then */
  int32_t rank, axis_count;
  bool same_order; /* perm leaves everything where it is */
} around_t;

/* Which of the Unsqueeze's outputs are new. */
static bool read_new_axes(const ob_node_t *node, bool *is_new) {
  int64_t axes[OB_MAX_RANK];
  int32_t rank = node->outputs[0]->type.rank;
  int count = ob_rewrite_numbers(node, 1, axes, OB_MAX_RANK);
  for (int i = 0; i < count; i++) {
    if (axes[i] < -rank || axes[i] >= rank) return false;
    is_new[axes[i] < 0 ? axes[i] + rank : axes[i]] = true;
  }
  return count > 0 && rank == node->inputs[0]->type.rank + count;
}

static bool read_around(const ob_node_t *node, around_t *found) {
  int64_t outer[OB_MAX_RANK], inner[OB_MAX_RANK], source[OB_MAX_RANK];
  bool is_new[OB_MAX_RANK] = {false};
  const ob_node_t *middle = ob_match_made_by(node->inputs[0], "Unsqueeze");
  *found = (around_t){.first = middle ? ob_match_made_by(middle->inputs[0], "Transpose") : NULL, .same_order = true};
  if (!found->first || found->first->inputs[0]->type.rank < 0 || !read_new_axes(middle, is_new)) return false;
  int32_t rank = middle->outputs[0]->type.rank, at = 0;
  if (!read_perm(node, outer, rank) || !read_perm(found->first, inner, found->first->inputs[0]->type.rank)) return false;
  for (int32_t i = 0; i < rank; i++)
    if (!is_new[i]) source[i] = inner[at++];
  for (int32_t i = 0; i < rank; i++) {
    if (is_new[outer[i]]) {
      found->axes[found->axis_count++] = i;
    } else {
      found->same_order &= source[outer[i]] == found->rank;
      found->perm[found->rank++] = source[outer[i]];
    }
  }
  return true;
}

/* Transpose, Unsqueeze, Transpose: one Transpose is enough, or none. */
static ob_status_t merge_around(ob_graph_t *graph, ob_node_t *node, bool *changed) {
  around_t found;
  ob_value_t *inputs[2];
  ob_node_t *made;
  const ob_constant_t *constant;
  int64_t *data, count;
  if (!read_around(node, &found)) return OB_OK;
  inputs[0] = found.first->inputs[0];
  *changed = true;
  if (!found.same_order) {
    const char *name;
    OB_TRY(ob_arena_printf(&graph->module->arena, &name, "%s/Transpose", node->name));
    OB_TRY(ob_node_create(graph, found.first->op, name, 1, 1, &made));
    made->inputs[0] = inputs[0];
    OB_TRY(ob_value_create(graph, name, &inputs[0]));
    ob_node_set_output(made, 0, inputs[0]);
    OB_TRY(ob_node_set_ints(made, "perm", found.perm, (size_t)found.rank));
    OB_TRY(ob_infer_node(made));
  }
  count = found.axis_count;
  OB_TRY(ob_constant_allocate(graph->module, "axes", OB_INT64, 1, &count, (void **)&data, &constant));
  for (int64_t i = 0; i < count; i++) data[i] = found.axes[i];
  OB_TRY(ob_value_from_constant(graph, constant, &inputs[1]));
  return ob_match_put(node, "Unsqueeze", inputs, 2, &made);
}

/* ------------------------------------------------------------ views */

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
  if (ob_match_is(node, "Transpose")) {
    OB_TRY(merge_transposes(node, changed));
    return node->outputs[0] ? merge_around(m->graph, node, changed) : OB_OK;
  }
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
