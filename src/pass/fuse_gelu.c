/* x/2 * (1 + erf(x/sqrt(2))), and the same with tanh, become Gelu. */
#include "pass/match.h"

static const double inverse_sqrt_2 = 0.70710678118654752440, sqrt_2_over_pi = 0.79788456080286535588, cubic = 0.044715;

/* value = scale * op(argument) + shift, each step used once. */
static ob_node_t *affine_of(const ob_match_t *m, const ob_value_t *value, const char *op, double *scale, double *shift) {
  ob_value_t *rest, *call;
  const ob_node_t *add = ob_match_inner(m, value, "Add");
  if (!add || !ob_match_with_number(add, &rest, shift)) return NULL;
  if (!ob_match_single(m, rest) || !ob_match_scaled(m, rest, scale, &call)) return NULL;
  return ob_match_inner(m, call, op);
}

/* argument = sqrt(2/pi) * (x + 0.044715 x^3), or with x taken out: sqrt(2/pi) * x * (1 + 0.044715 x^2) */
static bool is_tanh_argument(const ob_match_t *m, ob_value_t *argument, const ob_value_t *x) {
  ob_product_t outer, inner;
  double one;
  if (!ob_match_single(m, argument) || !ob_match_product(m, argument, &outer) || !ob_match_close(outer.scale, sqrt_2_over_pi))
    return false;
  if (outer.count != 1 && !(outer.count == 2 && (outer.factors[0] == x || outer.factors[1] == x))) return false;
  size_t degree = outer.count == 1 ? 3 : 2;
  const ob_node_t *add = ob_match_inner(m, outer.factors[outer.count == 2 && outer.factors[0] == x], "Add");
  if (!add || add->input_count != 2) return false;
  for (size_t i = 0; i < 2; i++) {
    ob_value_t *first = add->inputs[i], *power = add->inputs[1 - i];
    if (degree == 3 ? first != x : !(ob_match_number(first, &one) && one == 1)) continue;
    if (!ob_match_single(m, power) || !ob_match_product(m, power, &inner) || inner.count != degree) continue;
    bool same = ob_match_close(inner.scale, cubic);
    for (size_t k = 0; k < degree; k++) same &= inner.factors[k] == x;
    if (same) return true;
  }
  return false;
}

static bool is_erf_argument(const ob_match_t *m, ob_value_t *argument, const ob_value_t *x) {
  double scale;
  ob_value_t *inner;
  return ob_match_single(m, argument) && ob_match_scaled(m, argument, &scale, &inner) && inner == x &&
         ob_match_close(scale, inverse_sqrt_2);
}

/* factor = 1 + erf(...) or 1 + tanh(...) up to a number that makes it a half together with `outside`. */
static const char *form(const ob_match_t *m, const ob_value_t *factor, const ob_value_t *x, double outside) {
  double scale, shift;
  const ob_node_t *call = affine_of(m, factor, "Erf", &scale, &shift);
  bool is_erf = call != NULL;
  if (!call) call = affine_of(m, factor, "Tanh", &scale, &shift);
  if (!call || !ob_match_close(outside * scale, 0.5) || !ob_match_close(outside * shift, 0.5)) return NULL;
  if (is_erf) return is_erf_argument(m, call->inputs[0], x) ? "none" : NULL;
  return is_tanh_argument(m, call->inputs[0], x) ? "tanh" : NULL;
}

static ob_status_t fuse(ob_match_t *m, ob_node_t *node, bool *changed) {
  ob_product_t product;
  if (!ob_match_is(node, "Mul") && !ob_match_is(node, "Div")) return OB_OK;
  if (!ob_match_product(m, node->outputs[0], &product) || product.count != 2) return OB_OK;
  for (size_t i = 0; i < 2; i++) {
    ob_value_t *x = product.factors[i];
    const char *approximate = form(m, product.factors[1 - i], x, product.scale);
    ob_node_t *gelu;
    if (!approximate || !ob_rewrite_same_type(&x->type, &node->outputs[0]->type)) continue;
    OB_TRY(ob_match_put(node, "Gelu", &x, 1, &gelu));
    *changed = true;
    return ob_node_set_string(gelu, "approximate", approximate);
  }
  return OB_OK;
}

static ob_status_t run(ob_graph_t *graph, const ob_pass_context_t *context, bool *changed) {
  (void)context;
  return ob_match_run(graph, fuse, changed);
}

const ob_pass_t ob_pass_fuse_gelu = {"fuse_gelu", "recognises Gelu, exact and by tanh", run};
