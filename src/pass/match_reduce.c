/* Reductions along one axis, in any of the ways that exporters write them. */
#include <string.h>

#include "pass/match.h"

ob_value_t *ob_match_unshaped(ob_value_t *value) {
  static const char *const ops[] = {"Reshape", "Unsqueeze", "Squeeze", "Flatten", "Identity"};
  for (size_t i = 0; i < sizeof ops / sizeof *ops; i++) {
    const ob_node_t *node = ob_match_made_by(value, ops[i]);
    if (node) return ob_match_unshaped(node->inputs[0]);
  }
  return value;
}

bool ob_match_keeps_dims(const ob_value_t *value, const ob_value_t *x, int32_t axis) {
  if (value->type.kind != OB_TENSOR || value->type.rank != x->type.rank || axis < 0 || axis >= x->type.rank) return false;
  for (int32_t i = 0; i < x->type.rank; i++) {
    const ob_expr_t *dim = value->type.dims[i];
    if (i == axis ? !ob_expr_is(dim, 1) : !ob_expr_equal(dim, x->type.dims[i])) return false;
  }
  return true;
}

bool ob_match_reduces(const ob_node_t *node, const char *op, int32_t *axis) {
  int64_t number;
  if (!ob_match_is(node, op) || ob_rewrite_numbers(node, 1, &number, 1) != 1) return false;
  int32_t rank = node->inputs[0]->type.rank;
  if (number < -rank || number >= rank) return false;
  *axis = (int32_t)(number < 0 ? number + rank : number);
  return true;
}

/* The node multiplies a sum by 1 / n, or divides it by n. */
static ob_value_t *sum_over(const ob_node_t *node, double *n) {
  ob_value_t *rest;
  double number;
  if (ob_match_is(node, "Mul") && ob_match_with_number(node, &rest, &number) && number != 0) return *n = 1 / number, rest;
  if (!ob_match_is(node, "Div") || node->input_count != 2 || !ob_match_number(node->inputs[1], n)) return NULL;
  return node->inputs[0];
}

bool ob_match_mean(ob_value_t *value, ob_value_t **of, int32_t *axis) {
  int64_t size;
  double n;
  value = ob_match_unshaped(value);
  const ob_node_t *node = value->producer;
  if (!node || value->output != 0) return false;
  if (ob_match_reduces(node, "ReduceMean", axis)) return *of = node->inputs[0], true;
  ob_value_t *sum = sum_over(node, &n);
  sum = sum ? ob_match_unshaped(sum) : NULL;
  if (!sum || !sum->producer || !ob_match_reduces(sum->producer, "ReduceSum", axis)) return false;
  *of = sum->producer->inputs[0];
  return ob_expr_is_const((*of)->type.dims[*axis], &size) && ob_match_close(n, (double)size);
}
