/* Normalisation by the first two moments, as JAX's exporters write it, becomes LayerNormalization:
 * (x - mean) * (scale / sqrt(mean of squares - mean^2 + epsilon)) + bias along one axis. When that is not the last one, transposes
 * go around it; they often meet others. */
#include "pass/match.h"

typedef struct moments {
  ob_value_t *x, *mean;
  int32_t axis;
  double epsilon;
  ob_value_t *scale, *bias; /* constants along the axis; NULL: none */
} moments_t;

/* value = mean of x * x - mean * mean */
static bool is_variance(ob_value_t *value, const moments_t *found) {
  ob_value_t *of;
  int32_t axis;
  const ob_node_t *sub = ob_match_made_by(ob_match_unshaped(value), "Sub");
  if (!sub || sub->input_count != 2 || !sub->inputs[1]) return false;
  const ob_node_t *square = ob_match_made_by(sub->inputs[1], "Mul");
  if (!square || square->inputs[0] != square->inputs[1] || ob_match_unshaped(square->inputs[0]) != found->mean) return false;
  if (!ob_rewrite_same_type(&sub->inputs[0]->type, &sub->inputs[1]->type)) return false;
  if (!ob_match_mean(sub->inputs[0], &of, &axis) || axis != found->axis) return false;
  const ob_node_t *power = ob_match_made_by(of, "Mul");
  return power && power->inputs[0] == found->x && power->inputs[1] == found->x;
}

/* What is under a bound of 0 from below. */
static ob_value_t *not_negative(ob_value_t *value) {
  double bound;
  ob_value_t *rest;
  const ob_node_t *relu = ob_match_made_by(value, "Relu"), *max = ob_match_made_by(value, "Max");
  if (relu) return relu->inputs[0];
  return max && ob_match_with_number(max, &rest, &bound) && bound == 0 ? rest : value;
}

/* value = 1 / sqrt(variance + epsilon) */
static bool is_inverse(ob_value_t *value, moments_t *found) {
  ob_value_t *variance;
  const ob_node_t *inverse = ob_match_made_by(ob_match_unshaped(value), "Reciprocal");
  const ob_node_t *root = inverse ? ob_match_made_by(ob_match_unshaped(inverse->inputs[0]), "Sqrt") : NULL;
  const ob_node_t *add = root ? ob_match_made_by(ob_match_unshaped(root->inputs[0]), "Add") : NULL;
  if (!add || !ob_match_with_number(add, &variance, &found->epsilon)) return false;
  return is_variance(not_negative(ob_match_unshaped(variance)), found);
}

/* value = x - mean */
static bool is_deviation(ob_value_t *value, moments_t *found) {
  const ob_node_t *sub = ob_match_made_by(value, "Sub");
  if (!sub || sub->input_count != 2 || !sub->inputs[1]) return false;
  found->x = sub->inputs[0];
  found->mean = ob_match_unshaped(sub->inputs[1]);
  ob_value_t *of;
  return ob_match_mean(found->mean, &of, &found->axis) && of == found->x &&
         ob_match_keeps_dims(sub->inputs[1], found->x, found->axis);
}

/* A constant that has all its elements along the axis. */
static bool lies_along(const ob_value_t *value, const moments_t *found) {
  int32_t rank = found->x->type.rank, skip = rank - value->type.rank;
  if (!value->constant || value->type.dtype != OB_FLOAT32 || skip < 0 || found->axis < skip) return false;
  for (int32_t i = skip; i < rank; i++)
    if (i == found->axis ? !ob_expr_equal(value->type.dims[i - skip], found->x->type.dims[i])
                         : !ob_expr_is(value->type.dims[i - skip], 1))
      return false;
  return true;
}

/* node = deviation * inverse, or deviation * (inverse * scale) */
static bool is_normalised(const ob_node_t *node, moments_t *found) {
  for (size_t i = 0; i < 2; i++) {
    ob_value_t *factor = node->inputs[1 - i];
    found->scale = NULL;
    if (!is_deviation(node->inputs[i], found)) continue;
    if (ob_match_keeps_dims(factor, found->x, found->axis)) return is_inverse(factor, found);
    const ob_node_t *scaled = ob_match_made_by(factor, "Mul");
    for (size_t k = 0; scaled && scaled->input_count == 2 && scaled->inputs[1] && k < 2; k++) {
      found->scale = scaled->inputs[1 - k];
      if (!lies_along(found->scale, found) || !ob_match_keeps_dims(scaled->inputs[k], found->x, found->axis)) continue;
      return is_inverse(scaled->inputs[k], found);
    }
  }
  return false;
}

/* ------------------------------------------------------------ replacing */

/* The constant as a list. */
static ob_status_t flatten(ob_graph_t *graph, const ob_value_t *from, ob_value_t **list) {
  const ob_constant_t *old = from->constant, *constant;
  int64_t count = (int64_t)(old->bytes / sizeof(float));
  OB_TRY(ob_constant_create(graph->module, old->name, OB_FLOAT32, 1, &count, old->data, old->bytes, &constant));
  return ob_value_from_constant(graph, constant, list);
}

/* Ones, as many as the axis has. */
static ob_status_t make_ones(ob_graph_t *graph, const moments_t *found, ob_value_t **list) {
  const ob_constant_t *constant;
  int64_t count;
  float *data;
  if (!ob_expr_is_const(found->x->type.dims[found->axis], &count)) return ob_fail(OB_INTERNAL, "the axis has no size");
  OB_TRY(ob_constant_allocate(graph->module, "ones", OB_FLOAT32, 1, &count, (void **)&data, &constant));
  for (int64_t i = 0; i < count; i++) data[i] = 1;
  return ob_value_from_constant(graph, constant, list);
}

/* A new value of `op`; node and value are named after the one that is replaced. */
static ob_status_t make(ob_graph_t *graph, const char *op, ob_value_t *const *inputs, size_t count, const ob_node_t *near,
                        ob_node_t **node) {
  ob_value_t *value;
  const char *name;
  const ob_op_t *found = ob_op_find("", op);
  if (!found) return ob_fail(OB_INTERNAL, "operator %s is not in ops.def", op);
  OB_TRY(ob_arena_printf(&graph->module->arena, &name, "%s/%s", near->name, op));
  OB_TRY(ob_node_create(graph, found, name, count, 1, node));
  for (size_t i = 0; i < count; i++) (*node)->inputs[i] = inputs[i];
  OB_TRY(ob_value_create(graph, name, &value));
  ob_node_set_output(*node, 0, value);
  return OB_OK;
}

/* Exchanges the axis and the last one. */
static ob_status_t set_exchange(ob_node_t *node, const moments_t *found) {
  int64_t perm[OB_MAX_RANK];
  int32_t rank = found->x->type.rank;
  for (int32_t i = 0; i < rank; i++) perm[i] = i == found->axis ? rank - 1 : i == rank - 1 ? found->axis : i;
  return ob_node_set_ints(node, "perm", perm, (size_t)rank);
}

static ob_status_t replace(ob_graph_t *graph, ob_node_t *old, const moments_t *found) {
  ob_value_t *inputs[3] = {found->x, NULL, NULL};
  ob_node_t *node, *turned;
  size_t count = found->bias ? 3 : 2;
  bool last = found->axis == found->x->type.rank - 1;
  OB_TRY(found->scale ? flatten(graph, found->scale, &inputs[1]) : make_ones(graph, found, &inputs[1]));
  if (found->bias) OB_TRY(flatten(graph, found->bias, &inputs[2]));
  if (!last) {
    OB_TRY(make(graph, "Transpose", inputs, 1, old, &turned));
    OB_TRY(set_exchange(turned, found));
    OB_TRY(ob_infer_node(turned));
    inputs[0] = turned->outputs[0];
    OB_TRY(make(graph, "LayerNormalization", inputs, count, old, &node));
  } else {
    OB_TRY(ob_match_put(old, "LayerNormalization", inputs, count, &node));
  }
  OB_TRY(ob_node_set_int(node, "axis", -1));
  OB_TRY(ob_node_set_float(node, "epsilon", (float)found->epsilon));
  if (last) return OB_OK;
  OB_TRY(ob_infer_node(node));
  OB_TRY(ob_match_put(old, "Transpose", node->outputs, 1, &turned));
  return set_exchange(turned, found);
}

/* The Add of a bias behind the node, when that is all that becomes of it. */
static ob_node_t *find_bias(const ob_match_t *m, const ob_node_t *node, moments_t *found) {
  if (!ob_match_single(m, node->outputs[0])) return NULL;
  for (size_t i = 0; i < m->graph->nodes.count; i++) {
    ob_node_t *add = m->graph->nodes.items[i];
    if (!ob_match_is(add, "Add") || add->input_count != 2 || !add->inputs[1]) continue;
    for (size_t k = 0; k < 2; k++)
      if (add->inputs[k] == node->outputs[0] && lies_along(add->inputs[1 - k], found)) {
        found->bias = add->inputs[1 - k];
        return add;
      }
  }
  return NULL;
}

static ob_status_t fuse(ob_match_t *m, ob_node_t *node, bool *changed) {
  moments_t found = {0};
  int64_t size;
  if (!ob_match_is(node, "Mul") || node->input_count != 2 || !node->inputs[1] || node->outputs[0]->type.dtype != OB_FLOAT32)
    return OB_OK;
  if (!is_normalised(node, &found) || !ob_rewrite_same_type(&found.x->type, &node->outputs[0]->type)) return OB_OK;
  if (!ob_expr_is_const(found.x->type.dims[found.axis], &size)) return OB_OK;
  ob_node_t *add = find_bias(m, node, &found);
  *changed = true;
  return replace(m->graph, add ? add : node, &found);
}

static ob_status_t run(ob_graph_t *graph, const ob_pass_context_t *context, bool *changed) {
  (void)context;
  return ob_match_run(graph, fuse, changed);
}

const ob_pass_t ob_pass_fuse_moments = {"fuse_moments", "recognises normalisation by mean and mean of squares", run};
