/* x * sigmoid(a*x) becomes Swish, x * tanh(softplus(x)) becomes Mish. */
#include "pass/match.h"

/* factor = sigmoid(alpha * x) */
static bool is_sigmoid(const ob_match_t *m, const ob_value_t *factor, const ob_value_t *x, double *alpha) {
  const ob_node_t *sigmoid = ob_match_inner(m, factor, "Sigmoid");
  ob_value_t *inner;
  *alpha = 1;
  if (!sigmoid || sigmoid->inputs[0] == x) return sigmoid != NULL;
  return ob_match_single(m, sigmoid->inputs[0]) && ob_match_scaled(m, sigmoid->inputs[0], alpha, &inner) && inner == x;
}

static bool is_mish(const ob_match_t *m, const ob_value_t *factor, const ob_value_t *x) {
  const ob_node_t *tangent = ob_match_inner(m, factor, "Tanh");
  const ob_node_t *softplus = tangent ? ob_match_inner(m, tangent->inputs[0], "Softplus") : NULL;
  return softplus && softplus->inputs[0] == x;
}

static ob_status_t fuse(ob_match_t *m, ob_node_t *node, bool *changed) {
  ob_product_t product;
  double alpha;
  if (!ob_match_is(node, "Mul") || !ob_match_product(m, node->outputs[0], &product)) return OB_OK;
  if (product.count != 2 || !ob_match_close(product.scale, 1)) return OB_OK;
  for (size_t i = 0; i < 2; i++) {
    ob_value_t *x = product.factors[i], *factor = product.factors[1 - i];
    ob_node_t *fused;
    if (!ob_rewrite_same_type(&x->type, &node->outputs[0]->type)) continue;
    if (is_sigmoid(m, factor, x, &alpha)) {
      OB_TRY(ob_match_put(node, "Swish", &x, 1, &fused));
      *changed = true;
      return ob_node_set_float(fused, "alpha", (float)alpha);
    }
    if (is_mish(m, factor, x)) {
      *changed = true;
      return ob_match_put(node, "Mish", &x, 1, &fused);
    }
  }
  return OB_OK;
}

static ob_status_t run(ob_graph_t *graph, const ob_pass_context_t *context, bool *changed) {
  (void)context;
  return ob_match_run(graph, fuse, changed);
}

const ob_pass_t ob_pass_fuse_swish = {"fuse_swish", "recognises Swish (SiLU) and Mish", run};
