/* Zeros that a Pad puts around the input of a Conv become the convolution's own padding. */
#include <string.h>

#include "pass/match.h"

/* The padding value is zero: left out, or a constant. */
static bool pads_zero(const ob_node_t *pad) {
  double number;
  if (strcmp(ob_node_string(pad, "mode", "constant"), "constant") != 0) return false;
  const ob_value_t *value = pad->input_count > 2 ? pad->inputs[2] : NULL;
  return !value || (ob_match_number(value, &number) && number == 0);
}

/* How much goes before (begin) and after (end) each axis; false unless all of it is known, none is negative, and batch and channels
 * get nothing. */
static bool read_pad(const ob_node_t *pad, int32_t rank, int64_t *begin, int64_t *end) {
  int64_t pads[2 * OB_MAX_RANK], axes[OB_MAX_RANK];
  bool some = pad->input_count > 3 && pad->inputs[3];
  int count = ob_rewrite_numbers(pad, 1, pads, 2 * OB_MAX_RANK);
  int listed = some ? ob_rewrite_numbers(pad, 3, axes, OB_MAX_RANK) : rank;
  if (listed < 0 || count != 2 * listed) return false;
  for (int32_t i = 0; i < rank; i++) begin[i] = end[i] = 0;
  for (int i = 0; i < listed; i++) {
    int64_t axis = !some ? i : axes[i] < 0 ? axes[i] + rank : axes[i];
    if (axis < 0 || axis >= rank || pads[i] < 0 || pads[listed + i] < 0) return false;
    if (axis < 2 && (pads[i] != 0 || pads[listed + i] != 0)) return false;
    begin[axis] = pads[i];
    end[axis] = pads[listed + i];
  }
  return true;
}

/* The convolution's own padding is added; false when it is not given in numbers. */
static bool add_own(const ob_node_t *conv, int32_t spatial, int64_t *pads) {
  const ob_attribute_t *own = ob_node_stated(conv, "pads");
  const char *automatic = ob_node_string(conv, "auto_pad", "NOTSET");
  if (strcmp(automatic, "NOTSET") != 0 && strcmp(automatic, "VALID") != 0) return false;
  if (!own || strcmp(automatic, "VALID") == 0) return true;
  if (own->count != 2 * (size_t)spatial) return false;
  for (size_t i = 0; i < own->count; i++) {
    int64_t number;
    if (!ob_expr_is_const(own->ints[i], &number) || __builtin_add_overflow(pads[i], number, &pads[i])) return false;
  }
  return true;
}

static ob_status_t fold(ob_match_t *m, ob_node_t *node, bool *changed) {
  int64_t begin[OB_MAX_RANK], end[OB_MAX_RANK], pads[2 * OB_MAX_RANK];
  const ob_node_t *pad = ob_match_is(node, "Conv") ? ob_match_inner(m, node->inputs[0], "Pad") : NULL;
  int32_t rank = pad ? pad->inputs[0]->type.rank : -1, spatial = rank - 2;
  if (rank < 3 || !pads_zero(pad) || !read_pad(pad, rank, begin, end)) return OB_OK;
  memcpy(pads, begin + 2, (size_t)spatial * sizeof *pads);
  memcpy(pads + spatial, end + 2, (size_t)spatial * sizeof *pads);
  if (!add_own(node, spatial, pads)) return OB_OK;
  node->inputs[0] = pad->inputs[0];
  ob_node_remove_attribute(node, "auto_pad");
  *changed = true;
  return ob_node_set_ints(node, "pads", pads, 2 * (size_t)spatial);
}

static ob_status_t run(ob_graph_t *graph, const ob_pass_context_t *context, bool *changed) {
  (void)context;
  return ob_match_run(graph, fold, changed);
}

const ob_pass_t ob_pass_fold_pad = {"fold_pad", "makes zeros around the input of a convolution its own padding", run};
