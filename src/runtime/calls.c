/* Checks of calls and of control flow, as an artifact states them, against the regions and bodies that they run. */
#include "op/op.h"
#include "runtime/program.h"

static bool same_kind(const ob_value_t *a, const ob_value_t *b) {
  return a && a->type.kind == b->type.kind && a->type.dtype == b->type.dtype;
}

static bool same_dims(const ob_type_t *a, const ob_type_t *b) {
  if (a->kind != OB_TENSOR) return true;
  if (a->rank < 0 || a->rank != b->rank) return false;
  for (int32_t i = 0; i < a->rank; i++)
    if (!ob_expr_equal(a->dims[i], b->dims[i])) return false;
  return true;
}

/* True when all that `b` says about its elements is what `a` says. */
static bool same_content(const ob_value_t *a, const ob_value_t *b) {
  if (!b->content) return true;
  if (!a->content || a->content_count != b->content_count) return false;
  for (size_t i = 0; i < b->content_count; i++)
    if (!ob_expr_equal(a->content[i], b->content[i])) return false;
  return true;
}

ob_status_t ob_call_check(const ob_node_t *call, bool *as_stated) {
  const ob_graph_t *body = call->region->body;
  bool fits = call->input_count == body->inputs.count && call->output_count == body->outputs.count;
  *as_stated = true;
  for (size_t i = 0; fits && i < call->input_count; i++) {
    const ob_value_t *outer = call->inputs[i], *inner = body->inputs.items[i];
    fits = same_kind(outer, inner);
    *as_stated = fits && *as_stated && same_dims(&outer->type, &inner->type) && same_content(outer, inner);
  }
  for (size_t i = 0; fits && i < call->output_count; i++) {
    const ob_value_t *outer = call->outputs[i], *inner = body->outputs.items[i];
    if (!outer) continue;
    fits = same_kind(outer, inner);
    *as_stated = fits && *as_stated && same_dims(&outer->type, &inner->type) && same_content(inner, outer);
  }
  if (fits) return OB_OK;
  return ob_fail(OB_INVALID_ARTIFACT, "the call of region '%s' has other inputs or outputs than the region", ob_quote(call->region->symbol));
}

ob_status_t ob_control_check(const ob_node_t *node, ob_step_kind_t kind) {
  size_t bodies = kind == OB_STEP_IF ? 2 : 1, first = kind == OB_STEP_LOOP ? 2 : 0;
  bool fits = node->body_count == bodies && node->input_count >= (kind == OB_STEP_IF ? 1 : first) &&
              (kind != OB_STEP_IF || node->input_count == 1);
  for (size_t i = first; fits && i < node->input_count; i++) fits = node->inputs[i] != NULL;
  for (size_t b = 0; fits && b < bodies; b++) {
    const ob_body_t *body = &node->bodies[b];
    size_t formal = kind == OB_STEP_IF ? 0 : node->input_count;
    fits = body->graph->inputs.count == formal + body->capture_count &&
           body->graph->outputs.count == node->output_count + (kind == OB_STEP_LOOP) &&
           (kind != OB_STEP_LOOP || node->output_count >= node->input_count - 2);
  }
  if (fits) return OB_OK;
  return ob_fail(OB_INVALID_MODEL, "node '%s': the bodies of %s have other inputs or outputs than the node", ob_quote(node->name),
                 node->op->name);
}
