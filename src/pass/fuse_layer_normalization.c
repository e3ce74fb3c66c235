/* (x - mean) / sqrt(variance + epsilon) * scale + bias over the last axes becomes LayerNormalization. */
#include "pass/match.h"

/* node = ReduceMean over the axes from *axis to the last, dims kept. */
static bool is_mean(const ob_node_t *node, int64_t *axis) {
  int64_t axes[OB_MAX_RANK], keep;
  int32_t rank = node->inputs[0]->type.rank;
  int count = ob_rewrite_numbers(node, 1, axes, OB_MAX_RANK);
  if (count < 1 || count > rank || ob_node_int(node, "keepdims", 1, &keep) != OB_OK || keep != 1) return false;
  *axis = rank - count;
  uint64_t covered = 0;
  for (int i = 0; i < count; i++) {
    int64_t a = axes[i] < 0 ? axes[i] + rank : axes[i];
    if (a < *axis || a >= rank) return false;
    covered |= UINT64_C(1) << (a - *axis);
  }
  return covered == (UINT64_C(1) << count) - 1;
}

/* value = mean of the squares of `deviation` */
static bool is_variance(const ob_match_t *m, const ob_value_t *value, const ob_value_t *deviation, int64_t axis) {
  int64_t own;
  ob_product_t square;
  const ob_node_t *mean = ob_match_inner(m, value, "ReduceMean");
  if (!mean || !is_mean(mean, &own) || own != axis || !ob_match_single(m, mean->inputs[0])) return false;
  /* the square and the division read it, nobody else */
  if (deviation->id >= m->count || m->uses[deviation->id] != (ob_match_made_by(mean->inputs[0], "Mul") ? 3 : 2)) return false;
  return ob_match_product(m, mean->inputs[0], &square) && square.count == 2 && square.scale == 1 &&
         square.factors[0] == deviation && square.factors[1] == deviation;
}

/* value = sqrt(variance of deviation + epsilon) */
static bool is_spread(const ob_match_t *m, const ob_value_t *value, const ob_value_t *deviation, int64_t axis, double *epsilon) {
  ob_value_t *variance;
  const ob_node_t *root = ob_match_inner(m, value, "Sqrt");
  const ob_node_t *add = root ? ob_match_inner(m, root->inputs[0], "Add") : NULL;
  return add && ob_match_with_number(add, &variance, epsilon) && is_variance(m, variance, deviation, axis);
}

/* deviation = x - mean(x) */
static bool is_deviation(const ob_match_t *m, const ob_value_t *deviation, int64_t *axis, ob_value_t **x) {
  const ob_node_t *sub = ob_match_made_by(deviation, "Sub");
  const ob_node_t *mean = sub && sub->input_count == 2 ? ob_match_inner(m, sub->inputs[1], "ReduceMean") : NULL;
  if (!mean || mean->inputs[0] != sub->inputs[0] || !is_mean(mean, axis)) return false;
  *x = sub->inputs[0];
  return true;
}

/* normalised = deviation / spread, or deviation * (1 / spread) */
static bool is_normalised(const ob_match_t *m, const ob_node_t *node, int64_t *axis, double *epsilon, ob_value_t **x) {
  const ob_value_t *deviation = node->inputs[0], *spread = node->inputs[1];
  if (ob_match_is(node, "Mul")) {
    bool second = ob_match_inner(m, node->inputs[1], "Reciprocal") != NULL;
    const ob_node_t *inverse = ob_match_inner(m, node->inputs[second], "Reciprocal");
    if (!inverse) return false;
    deviation = node->inputs[!second];
    spread = inverse->inputs[0];
  }
  return is_deviation(m, deviation, axis, x) && is_spread(m, spread, deviation, *axis, epsilon);
}

/* A constant that has the shape of x from `axis` on, so that it means the same as Scale or B. */
static bool fits(const ob_value_t *value, const ob_value_t *x, int64_t axis) {
  int32_t rank = x->type.rank - (int32_t)axis;
  if (!value->constant || value->type.rank != rank || value->type.dtype != x->type.dtype) return false;
  for (int32_t i = 0; i < rank; i++)
    if (!ob_expr_equal(value->type.dims[i], x->type.dims[axis + i])) return false;
  return true;
}

/* The constant input of a two-input node, if the other one is made by `op`. */
static ob_value_t *constant_beside(const ob_match_t *m, const ob_node_t *node, const ob_value_t **other) {
  if (node->input_count != 2 || !node->inputs[1]) return NULL;
  bool second = node->inputs[1]->constant != NULL;
  *other = node->inputs[second ? 0 : 1];
  return node->inputs[second]->constant && ob_match_single(m, *other) ? node->inputs[second] : NULL;
}

typedef struct layer {
  ob_value_t *inputs[3]; /* x, scale, bias */
  int64_t axis;
  double epsilon;
} layer_t;

/* value = normalised * scale */
static bool is_scaled(const ob_match_t *m, const ob_node_t *mul, layer_t *layer) {
  const ob_value_t *other;
  layer->inputs[1] = ob_match_is(mul, "Mul") ? constant_beside(m, mul, &other) : NULL;
  if (!layer->inputs[1]) return false;
  const ob_node_t *core = ob_match_made_by(other, "Div");
  if (!core) core = ob_match_made_by(other, "Mul");
  if (!core || core->input_count != 2 || !core->inputs[1]) return false;
  return is_normalised(m, core, &layer->axis, &layer->epsilon, &layer->inputs[0]) && fits(layer->inputs[1], layer->inputs[0], layer->axis);
}

/* The node that comes after: an Add of a fitting bias that is the only user of the scaled value. */
static ob_node_t *find_bias(const ob_match_t *m, const ob_node_t *mul, layer_t *layer) {
  const ob_graph_t *graph = m->graph;
  if (!ob_match_single(m, mul->outputs[0])) return NULL;
  for (size_t i = 0; i < graph->nodes.count; i++) {
    ob_node_t *node = graph->nodes.items[i];
    const ob_value_t *other;
    if (!ob_match_is(node, "Add")) continue;
    ob_value_t *bias = constant_beside(m, node, &other);
    if (!bias || other != mul->outputs[0] || !fits(bias, layer->inputs[0], layer->axis)) continue;
    layer->inputs[2] = bias;
    return node;
  }
  return NULL;
}

static ob_status_t fuse(ob_match_t *m, ob_node_t *node, bool *changed) {
  layer_t layer = {0};
  ob_node_t *fused;
  if (!ob_match_is(node, "Mul") || node->outputs[0]->type.dtype != OB_FLOAT32 || !is_scaled(m, node, &layer)) return OB_OK;
  if (!ob_rewrite_same_type(&layer.inputs[0]->type, &node->outputs[0]->type)) return OB_OK;
  ob_node_t *last = find_bias(m, node, &layer);
  OB_TRY(ob_match_put(last ? last : node, "LayerNormalization", layer.inputs, last ? 3 : 2, &fused));
  *changed = true;
  OB_TRY(ob_node_set_int(fused, "axis", layer.axis - layer.inputs[0]->type.rank));
  return ob_node_set_float(fused, "epsilon", (float)layer.epsilon);
}

static ob_status_t run(ob_graph_t *graph, const ob_pass_context_t *context, bool *changed) {
  (void)context;
  return ob_match_run(graph, fuse, changed);
}

const ob_pass_t ob_pass_fuse_layer_normalization = {"fuse_layer_normalization", "recognises LayerNormalization", run};
