/* Chains of multiplications and divisions by numbers become one; those by one, and additions of zero, go away. Sum of two becomes Add. */
#include <math.h>

#include "pass/match.h"

/* node = x * scale, by Mul or Div with a number. */
static bool is_scale(const ob_node_t *node, ob_value_t **x, double *scale) {
  double number;
  if (ob_match_is(node, "Mul")) return ob_match_with_number(node, x, scale);
  if (!ob_match_is(node, "Div") || node->input_count != 2 || !ob_match_number(node->inputs[1], &number) || number == 0) return false;
  *x = node->inputs[0];
  *scale = 1 / number;
  return true;
}

/* x + 0, x - 0, x * 1, x / 1, x ** 1 */
static bool is_neutral(const ob_node_t *node, ob_value_t **x) {
  double number;
  if (ob_match_is(node, "Add")) return ob_match_with_number(node, x, &number) && number == 0;
  if (ob_match_is(node, "Mul")) return ob_match_with_number(node, x, &number) && number == 1;
  bool sub = ob_match_is(node, "Sub");
  if (!sub && !ob_match_is(node, "Div") && !ob_match_is(node, "Pow")) return false;
  *x = node->inputs[0];
  return node->input_count == 2 && ob_match_number(node->inputs[1], &number) && number == (sub ? 0 : 1);
}

static bool same_type(const ob_value_t *x, const ob_node_t *node) {
  return ob_match_is_float(x) && ob_rewrite_same_type(&x->type, &node->outputs[0]->type);
}

static ob_status_t merge(ob_match_t *m, ob_node_t *node, bool *changed) {
  double outer, inner;
  ob_value_t *x, *source, *inputs[2];
  ob_node_t *made;
  bool replaced;
  if (ob_match_is(node, "Sum") && node->input_count == 2 && node->inputs[1]) {
    *changed = true;
    return ob_match_put(node, "Add", node->inputs, 2, &made);
  }
  if (is_neutral(node, &x) && same_type(x, node)) {
    OB_TRY(ob_rewrite_replace(m->graph, node->outputs[0], x, &replaced));
    *changed |= replaced;
    return OB_OK;
  }
  if (!is_scale(node, &x, &outer) || !same_type(x, node) || !x->producer || !ob_match_single(m, x)) return OB_OK;
  if (!is_scale(x->producer, &source, &inner) || !same_type(source, node)) return OB_OK;
  double product = outer * inner, smallest = x->type.dtype == OB_FLOAT32 ? 1e-37 : 1e-307;
  if (!isfinite(product) || fabs(product) < smallest || fabs(product) > 1 / smallest) return OB_OK;
  inputs[0] = source;
  OB_TRY(ob_match_make_number(m->graph, "scale", x->type.dtype, product, &inputs[1]));
  *changed = true;
  return ob_match_put(node, "Mul", inputs, 2, &made);
}

static ob_status_t run(ob_graph_t *graph, const ob_pass_context_t *context, bool *changed) {
  (void)context;
  return ob_match_run(graph, merge, changed);
}

const ob_pass_t ob_pass_merge_scales = {"merge_scales", "makes one of several multiplications by numbers", run};
