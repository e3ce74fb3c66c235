/* A per-channel addition or multiplication after a view of a convolution moves to before the view, where it can be folded into the
 * weights: exporters run one-dimensional convolutions as two-dimensional ones and add the bias after a Squeeze. */
#include "base/checked.h"
#include "pass/match.h"

static bool is_view(const ob_node_t *node) {
  return ob_match_is(node, "Squeeze") || ob_match_is(node, "Unsqueeze") || ob_match_is(node, "Reshape");
}

/* The view that makes `value`, if it keeps batch and channels of what a convolution made. */
static ob_node_t *view_of_convolution(const ob_match_t *m, const ob_value_t *value) {
  ob_node_t *view = value->producer;
  if (!view || !ob_match_single(m, value) || !is_view(view) || !ob_match_single(m, view->inputs[0])) return NULL;
  const ob_value_t *from = view->inputs[0];
  if (!ob_match_made_by(from, "Conv") && !ob_match_made_by(from, "ConvTranspose")) return NULL;
  if (value->type.rank < 2 || from->type.rank < 3) return NULL;
  bool kept = ob_expr_equal(value->type.dims[0], from->type.dims[0]) && ob_expr_equal(value->type.dims[1], from->type.dims[1]);
  return kept ? view : NULL;
}

/* The constant with its channels along axis 1 of a tensor of `rank`; one number stays one. */
static ob_status_t turn_constant(ob_graph_t *graph, const ob_constant_t *from, int32_t rank, ob_value_t **value) {
  int64_t dims[OB_MAX_RANK];
  size_t count;
  const ob_constant_t *to;
  if (!ob_dims_count(from->rank, from->dims, &count)) return ob_fail(OB_INTERNAL, "a constant without a size");
  for (int32_t i = 0; i < rank - 1; i++) dims[i] = i == 0 ? (int64_t)count : 1;
  /* the same bytes under another shape */
  OB_TRY(ob_constant_create(graph->module, from->name, from->dtype, rank - 1, dims, from->data, from->bytes, &to));
  return ob_value_from_constant(graph, to, value);
}

static ob_status_t lift_over(ob_node_t *node, size_t data, ob_node_t *view) {
  ob_graph_t *graph = node->graph;
  ob_value_t *from = view->inputs[0], *made, *inputs[2];
  ob_node_t *lifted, *again;
  inputs[data] = from;
  OB_TRY(turn_constant(graph, node->inputs[1 - data]->constant, from->type.rank, &inputs[1 - data]));
  OB_TRY(ob_value_create(graph, from->name, &made));
  OB_TRY(ob_node_create(graph, node->op, made->name, 2, 1, &lifted));
  lifted->inputs[0] = inputs[0], lifted->inputs[1] = inputs[1];
  made->type = from->type;
  ob_node_set_output(lifted, 0, made);
  ob_value_t *operands[2] = {made, view->input_count > 1 ? view->inputs[1] : NULL};
  OB_TRY(ob_match_put(node, view->op->name, operands, view->input_count, &again));
  for (size_t i = 0; i < view->attribute_count; i++) OB_TRY(ob_node_set_attribute(again, &view->attributes[i]));
  return OB_OK;
}

static ob_status_t lift(ob_match_t *m, ob_node_t *node, bool *changed) {
  static const char *const ops[] = {"Add", "Mul", "Sub", "Div"};
  bool affine = false;
  for (size_t i = 0; i < sizeof ops / sizeof *ops; i++) affine |= ob_match_is(node, ops[i]);
  if (!affine || node->input_count != 2 || !node->inputs[1]) return OB_OK;
  size_t data = node->inputs[0]->constant ? 1 : 0;
  const ob_value_t *x = node->inputs[data];
  ob_node_t *view = view_of_convolution(m, x);
  int64_t channels;
  double *numbers;
  if (!view || view->input_count > 2 || !ob_rewrite_same_type(&x->type, &node->outputs[0]->type)) return OB_OK;
  if (!ob_expr_is_const(x->type.dims[1], &channels) || channels < 1) return OB_OK;
  OB_TRY(OB_NEW_ARRAY(m->graph->module->allocator, (size_t)channels, &numbers));
  bool fits = ob_match_per_channel(node->inputs[1 - data], x->type.rank, (size_t)channels, numbers);
  ob_free(m->graph->module->allocator, numbers);
  if (!fits) return OB_OK;
  *changed = true;
  return lift_over(node, data, view);
}

static ob_status_t run(ob_graph_t *graph, const ob_pass_context_t *context, bool *changed) {
  (void)context;
  return ob_match_run(graph, lift, changed);
}

const ob_pass_t ob_pass_lift_scales = {"lift_scales", "moves scales and biases to the convolution whose view they follow", run};
