/* Computes at compile time what depends on constants alone. */
#include "base/checked.h"
#include "base/dtype.h"
#include "pass/rewrite.h"

/* What may come of folding without anybody heavy needing it: an Expand of one number to a gigabyte stays an Expand. */
enum { LARGEST_GROWTH = 1 << 20 };
/* Quantised weights that would take more than this as floats stay as they are: the file of a model of gigabytes must not grow eightfold. */
enum { LARGEST_WEIGHTS = 16 << 20 };

static bool feeds_contraction(const ob_graph_t *graph, const ob_node_t *node) {
  for (size_t i = 0; i < graph->nodes.count; i++) {
    const ob_node_t *user = graph->nodes.items[i];
    if (!(user->op->flags & OB_OP_CONTRACTION)) continue;
    for (size_t k = 0; k < user->input_count; k++)
      if (user->inputs[k] && user->inputs[k]->producer == node) return true;
  }
  return false;
}

/* Bytes of what the node makes; SIZE_MAX: too many to count. */
static size_t result_bytes(const ob_node_t *node) {
  size_t out = 0;
  for (size_t i = 0; i < node->output_count; i++) {
    int64_t dims[OB_MAX_RANK];
    size_t bytes;
    const ob_value_t *value = node->outputs[i];
    if (!value || !ob_type_is_static(&value->type, dims)) continue;
    if (!ob_tensor_bytes(value->type.dtype, value->type.rank, dims, &bytes) || !ob_add_size(out, bytes, &out)) return SIZE_MAX;
  }
  return out;
}

/* Does the result take much more room than what it is made of? */
static bool grows(const ob_node_t *node) {
  size_t in = 0, out = result_bytes(node);
  for (size_t i = 0; i < node->input_count; i++)
    if (node->inputs[i]) in += node->inputs[i]->constant->bytes;
  return out > LARGEST_GROWTH && out / 2 > in;
}

/* The only node that uses a value that no output is; NULL: none or many. */
static const ob_node_t *only_user(const ob_graph_t *graph, const ob_value_t *value) {
  const ob_node_t *found = NULL;
  if (ob_rewrite_is_output(graph, value)) return NULL;
  for (size_t i = 0; i < graph->nodes.count; i++) {
    const ob_node_t *user = graph->nodes.items[i];
    for (size_t k = 0; k < user->input_count; k++) {
      if (user->inputs[k] != value) continue;
      if (found) return NULL;
      found = user;
    }
  }
  return found;
}

static bool comes_from_bytes(const ob_value_t *value) {
  return value && value->producer && ob_rewrite_is(value->producer, "DequantizeLinear") && !value->producer->inputs[0]->constant &&
         (value->producer->inputs[0]->type.dtype == OB_INT8 || value->producer->inputs[0]->type.dtype == OB_UINT8);
}

/* int8 weights of a contraction that reads bytes and whose result becomes bytes again: engines that fuse this want them as they are. */
static bool feeds_quantised(const ob_graph_t *graph, const ob_node_t *node) {
  if (!ob_rewrite_is(node, "DequantizeLinear") || node->inputs[0]->type.dtype != OB_INT8) return false;
  const ob_node_t *user = only_user(graph, node->outputs[0]);
  if (!user || user->input_count < 2 || user->inputs[1] != node->outputs[0] || !comes_from_bytes(user->inputs[0])) return false;
  if (!ob_rewrite_is(user, "Conv") && !ob_rewrite_is(user, "Gemm") && !ob_rewrite_is(user, "MatMul")) return false;
  for (int steps = 0; user && steps < 3; steps++) {
    user = only_user(graph, user->outputs[0]);
    if (user && ob_rewrite_is(user, "QuantizeLinear")) return true;
    if (user && !ob_rewrite_is(user, "Relu") && !ob_rewrite_is(user, "Clip")) return false;
  }
  return false;
}

static bool may_fold(const ob_graph_t *graph, const ob_node_t *node) {
  if (node->region || node->body_count > 0 || node->op->flags & (OB_OP_RANDOM | OB_OP_CONTROL)) return false;
  for (size_t i = 0; i < node->input_count; i++) {
    const ob_value_t *value = node->inputs[i];
    if (value && (!value->constant || !value->constant->data)) return false;
  }
  for (size_t i = 0; i < node->output_count; i++)
    if (node->outputs[i] && node->outputs[i]->type.kind != OB_TENSOR) return false;
  if (ob_rewrite_is(node, "DequantizeLinear") && result_bytes(node) > LARGEST_WEIGHTS) return false;
  return !grows(node) || feeds_contraction(graph, node);
}

static ob_status_t fold(ob_graph_t *graph, ob_node_t *node, const ob_evaluator_t *evaluator, bool *changed) {
  const ob_constant_t **constants;
  bool done = false;
  OB_TRY(OB_ARENA_ARRAY(&graph->module->arena, node->output_count, &constants));
  OB_TRY(evaluator->evaluate(evaluator->self, node, constants, &done));
  if (!done) return OB_OK;
  for (size_t i = 0; i < node->output_count; i++) {
    ob_value_t *value;
    bool replaced;
    if (!node->outputs[i]) continue;
    OB_TRY(ob_value_from_constant(graph, constants[i], &value));
    OB_TRY(ob_rewrite_replace(graph, node->outputs[i], value, &replaced));
    *changed |= replaced;
  }
  return OB_OK;
}

static ob_status_t run(ob_graph_t *graph, const ob_pass_context_t *context, bool *changed) {
  if (!context->evaluator) return OB_OK;
  for (size_t i = 0; i < graph->nodes.count; i++)
    if (may_fold(graph, graph->nodes.items[i]) && !(context->keep_quantised && feeds_quantised(graph, graph->nodes.items[i]))) OB_TRY(fold(graph, graph->nodes.items[i], context->evaluator, changed));
  return OB_OK;
}

const ob_pass_t ob_pass_fold_constants = {"fold_constants", "computes what depends on constants alone", run};
