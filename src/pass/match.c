/* What recognisers share. */
#include "pass/match.h"

#include <math.h>
#include <string.h>

#include "base/checked.h"
#include "base/dtype.h"

ob_status_t ob_match_begin(ob_graph_t *graph, ob_match_t *match) {
  *match = (ob_match_t){.graph = graph, .count = graph->values.count};
  OB_TRY(OB_NEW_ARRAY(graph->module->allocator, match->count, &match->uses));
  ob_graph_count_uses(graph, match->uses);
  return OB_OK;
}

void ob_match_end(ob_match_t *match) { ob_free(match->graph->module->allocator, match->uses); }

ob_status_t ob_match_run(ob_graph_t *graph, ob_match_rule_t rule, bool *changed) {
  ob_match_t match;
  size_t count = graph->nodes.count; /* what a rule adds is looked at in the next round */
  OB_TRY(ob_match_begin(graph, &match));
  ob_status_t status = OB_OK;
  for (size_t i = 0; status == OB_OK && i < count; i++) {
    ob_node_t *node = graph->nodes.items[i];
    if (node->input_count > 0 && node->output_count > 0 && node->inputs[0] && node->outputs[0])
      status = rule(&match, node, changed);
  }
  ob_match_end(&match);
  return status;
}

/* ---------------------------------------------------------------- questions */

bool ob_match_is(const ob_node_t *node, const char *op) {
  return ob_rewrite_is(node, op) && node->input_count > 0 && node->output_count > 0 && node->inputs[0] && node->outputs[0];
}

ob_node_t *ob_match_made_by(const ob_value_t *value, const char *op) {
  return value && value->producer && value->output == 0 && ob_match_is(value->producer, op) ? value->producer : NULL;
}

bool ob_match_single(const ob_match_t *match, const ob_value_t *value) {
  return value->id < match->count && match->uses[value->id] == 1;
}

ob_node_t *ob_match_inner(const ob_match_t *match, const ob_value_t *value, const char *op) {
  ob_node_t *node = ob_match_made_by(value, op);
  return node && ob_match_single(match, value) ? node : NULL;
}

bool ob_match_is_float(const ob_value_t *value) {
  return value->type.kind == OB_TENSOR && (value->type.dtype == OB_FLOAT32 || value->type.dtype == OB_FLOAT64);
}

/* Element `index`; the data of a fresh import may lie anywhere. */
static double element(const ob_constant_t *constant, size_t index) {
  if (constant->dtype == OB_FLOAT64) {
    double d;
    memcpy(&d, (const char *)constant->data + index * sizeof d, sizeof d);
    return d;
  }
  float f;
  memcpy(&f, (const char *)constant->data + index * sizeof f, sizeof f);
  return (double)f;
}

bool ob_match_numbers(const ob_value_t *value, double *numbers, size_t most, size_t *count) {
  const ob_constant_t *constant = value ? value->constant : NULL;
  if (!constant || !constant->data || !ob_match_is_float(value)) return false;
  if (!ob_dims_count(constant->rank, constant->dims, count) || *count > most) return false;
  for (size_t i = 0; i < *count; i++) numbers[i] = element(constant, i);
  return true;
}

bool ob_match_number(const ob_value_t *value, double *number) {
  size_t count;
  return ob_match_numbers(value, number, 1, &count) && count == 1;
}

bool ob_match_per_channel(const ob_value_t *value, int32_t rank, size_t channels, double *numbers) {
  size_t count;
  const ob_constant_t *c = value ? value->constant : NULL;
  if (!c || !c->data || !ob_match_is_float(value) || c->rank > rank) return false;
  for (int32_t i = 0; i < c->rank; i++) { /* dims are aligned at the end */
    int32_t axis = rank - c->rank + i;
    if (c->dims[i] != 1 && (axis != 1 || c->dims[i] != (int64_t)channels)) return false;
  }
  if (!ob_match_numbers(value, numbers, channels, &count) || count == 0) return false;
  for (size_t i = count; i < channels; i++) numbers[i] = numbers[0];
  return true;
}

bool ob_match_close(double a, double b) { return fabs(a - b) <= 1e-5 * fabs(b); }

bool ob_match_with_number(const ob_node_t *node, ob_value_t **rest, double *number) {
  if (node->input_count != 2 || !node->inputs[1]) return false;
  bool second = ob_match_number(node->inputs[1], number);
  *rest = node->inputs[second ? 0 : 1];
  return second || ob_match_number(node->inputs[0], number);
}

/* ---------------------------------------------------------------- products */

static bool add_factor(ob_product_t *product, ob_value_t *value) {
  if (product->count == OB_MATCH_FACTORS) return false;
  product->factors[product->count++] = value;
  return true;
}

static bool collect(const ob_match_t *match, ob_value_t *value, bool top, int depth, ob_product_t *product) {
  double number;
  const ob_node_t *node;
  if (ob_match_number(value, &number)) return product->scale *= number, true;
  if (depth == 0 || (!top && !ob_match_single(match, value))) return add_factor(product, value);
  if ((node = ob_match_made_by(value, "Mul")) && node->input_count == 2 && node->inputs[1])
    return collect(match, node->inputs[0], false, depth - 1, product) &&
           collect(match, node->inputs[1], false, depth - 1, product);
  if ((node = ob_match_made_by(value, "Div")) && node->input_count == 2 && ob_match_number(node->inputs[1], &number) &&
      number != 0) {
    product->scale /= number;
    return collect(match, node->inputs[0], false, depth - 1, product);
  }
  if ((node = ob_match_made_by(value, "Neg"))) {
    product->scale = -product->scale;
    return collect(match, node->inputs[0], false, depth - 1, product);
  }
  if ((node = ob_match_made_by(value, "Pow")) && node->input_count == 2 && ob_match_number(node->inputs[1], &number) &&
      (number == 2 || number == 3)) {
    for (int i = 0; i < (int)number; i++)
      if (!add_factor(product, node->inputs[0])) return false;
    return true;
  }
  return add_factor(product, value);
}

bool ob_match_product(const ob_match_t *match, ob_value_t *value, ob_product_t *product) {
  enum { DEEPEST = 6 };
  *product = (ob_product_t){.scale = 1};
  return ob_match_is_float(value) && collect(match, value, true, DEEPEST, product);
}

bool ob_match_scaled(const ob_match_t *match, ob_value_t *value, double *scale, ob_value_t **x) {
  ob_product_t product;
  if (!ob_match_product(match, value, &product) || product.count != 1) return false;
  *scale = product.scale;
  *x = product.factors[0];
  return true;
}

/* ---------------------------------------------------------------- making */

ob_status_t ob_match_put(ob_node_t *old, const char *op, ob_value_t *const *inputs, size_t count, ob_node_t **node) {
  const ob_op_t *found = ob_op_find("", op);
  if (!found) return ob_fail(OB_INTERNAL, "operator %s is not in ops.def", op);
  OB_TRY(ob_node_create(old->graph, found, old->name, count, 1, node));
  memcpy((*node)->inputs, inputs, count * sizeof *inputs);
  ob_node_set_output(*node, 0, old->outputs[0]);
  old->outputs[0] = NULL;
  return OB_OK;
}

ob_status_t ob_match_make_number(ob_graph_t *graph, const char *name, ob_dtype_t dtype, double number, ob_value_t **value) {
  const ob_constant_t *constant;
  void *data;
  OB_TRY(ob_constant_allocate(graph->module, name, dtype, 0, NULL, &data, &constant));
  if (dtype == OB_FLOAT64) *(double *)data = number;
  else *(float *)data = (float)number;
  return ob_value_from_constant(graph, constant, value);
}
