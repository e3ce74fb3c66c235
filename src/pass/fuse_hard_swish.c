/* Clip(a*x + b, 0, h)/h becomes HardSigmoid; x times that with slope 1/6 and a half becomes HardSwish. */
#include "pass/match.h"

/* outside * value = max(0, min(1, alpha*x + beta)), by Clip or HardSigmoid. */
static bool is_hard_sigmoid(const ob_match_t *m, const ob_value_t *value, bool inner, double outside, double *alpha, double *beta,
                            ob_value_t **x) {
  double low, high;
  ob_value_t *rest;
  const ob_node_t *node = inner ? ob_match_inner(m, value, "HardSigmoid") : NULL;
  if (node) {
    *alpha = (double)ob_node_float(node, "alpha", 0.2f);
    *beta = (double)ob_node_float(node, "beta", 0.5f);
    *x = node->inputs[0];
    return ob_match_close(outside, 1);
  }
  node = inner ? ob_match_inner(m, value, "Clip") : ob_match_made_by(value, "Clip");
  if (!node || node->input_count < 3 || !ob_match_number(node->inputs[1], &low) || !ob_match_number(node->inputs[2], &high))
    return false;
  if (low != 0 || !ob_match_close(outside * high, 1)) return false;
  const ob_node_t *add = ob_match_inner(m, node->inputs[0], "Add");
  if (!add || !ob_match_with_number(add, &rest, beta)) return false;
  *alpha = 1, *x = rest;
  /* a product that nobody else reads is part of the slope; x itself may well be one of two values */
  if (ob_match_single(m, rest) && !ob_match_scaled(m, rest, alpha, x)) *alpha = 1, *x = rest;
  *alpha *= outside;
  *beta *= outside;
  return true;
}

static bool same_type(const ob_value_t *x, const ob_node_t *node) {
  return ob_rewrite_same_type(&x->type, &node->outputs[0]->type);
}

static ob_status_t fuse_swish(ob_match_t *m, ob_node_t *node, bool *changed) {
  ob_product_t product;
  if (!ob_match_product(m, node->outputs[0], &product) || product.count != 2) return OB_OK;
  for (size_t i = 0; i < 2; i++) {
    ob_value_t *x = product.factors[i], *inner;
    double alpha, beta;
    ob_node_t *fused;
    if (!is_hard_sigmoid(m, product.factors[1 - i], true, product.scale, &alpha, &beta, &inner) || inner != x) continue;
    if (!ob_match_close(alpha, 1.0 / 6) || !ob_match_close(beta, 0.5) || !same_type(x, node)) continue;
    *changed = true;
    return ob_match_put(node, "HardSwish", &x, 1, &fused);
  }
  return OB_OK;
}

static ob_status_t fuse_sigmoid(ob_match_t *m, ob_node_t *node, bool *changed) {
  double scale = 1, alpha, beta;
  ob_value_t *value = node->outputs[0], *x;
  bool clip = ob_match_is(node, "Clip");
  ob_node_t *fused;
  if (!ob_match_is_float(value)) return OB_OK;
  if (!clip && !ob_match_scaled(m, node->outputs[0], &scale, &value)) return OB_OK;
  if (!clip && !ob_match_made_by(value, "Clip")) return OB_OK;
  if (!is_hard_sigmoid(m, value, !clip, scale, &alpha, &beta, &x) || !same_type(x, node)) return OB_OK;
  OB_TRY(ob_match_put(node, "HardSigmoid", &x, 1, &fused));
  *changed = true;
  OB_TRY(ob_node_set_float(fused, "alpha", (float)alpha));
  return ob_node_set_float(fused, "beta", (float)beta);
}

static ob_status_t fuse(ob_match_t *m, ob_node_t *node, bool *changed) {
  if (ob_match_is(node, "Clip")) return fuse_sigmoid(m, node, changed);
  if (!ob_match_is(node, "Mul") && !ob_match_is(node, "Div")) return OB_OK;
  OB_TRY(fuse_swish(m, node, changed));
  return node->outputs[0] ? fuse_sigmoid(m, node, changed) : OB_OK;
}

static ob_status_t run(ob_graph_t *graph, const ob_pass_context_t *context, bool *changed) {
  (void)context;
  return ob_match_run(graph, fuse, changed);
}

const ob_pass_t ob_pass_fuse_hard_swish = {"fuse_hard_swish", "recognises HardSigmoid and HardSwish", run};
