/* Operators on integers that no fast engine has become what all have: QLinearConv, QLinearMatMul and products of integers that are
 * cast to float dequantise first, so that QOperator models run as QDQ models do; DynamicQuantizeLinear becomes the function that
 * ONNX defines it as. */
#include "pass/build.h"
#include "pass/match.h"

static ob_value_t *input(const ob_node_t *node, size_t index) { return index < node->input_count ? node->inputs[index] : NULL; }

static bool is_single(const ob_value_t *value) {
  return value->type.rank == 0 || (value->type.rank == 1 && ob_expr_is(value->type.dims[0], 1));
}

static ob_value_t *dequantize(ob_build_t *m, ob_value_t *x, ob_value_t *scale, ob_value_t *zero, int64_t axis) {
  ob_node_t *node = ob_build_node(m, "DequantizeLinear", (ob_value_t *[]){x, scale, zero}, zero ? 3 : 2);
  if (m->status == OB_OK && !is_single(scale)) m->status = ob_node_set_int(node, "axis", axis);
  return ob_build_result(m, node);
}

/* Scale and zero point are both for the whole tensor, or both lists; the scale is float32. */
static bool is_plain(const ob_value_t *scale, const ob_value_t *zero) {
  if (!scale || scale->type.dtype != OB_FLOAT32 || scale->type.rank < 0 || scale->type.rank > 1) return false;
  return !zero || zero->type.rank == scale->type.rank || (is_single(zero) && is_single(scale));
}

static ob_status_t copy_attributes(const ob_node_t *from, ob_node_t *to) {
  for (size_t i = 0; i < from->attribute_count; i++) OB_TRY(ob_node_set_attribute(to, &from->attributes[i]));
  return OB_OK;
}

/* ------------------------------------------------------------ convolutions and products with scales of their own */

static ob_status_t quantize_result(ob_build_t *m, ob_node_t *old, ob_value_t *y, size_t scale) {
  ob_value_t *inputs[3] = {y, input(old, scale), input(old, scale + 1)};
  ob_node_t *node;
  OB_TRY(m->status);
  return ob_match_put(old, "QuantizeLinear", inputs, 3, &node);
}

static ob_status_t expand_conv(ob_build_t *m, ob_node_t *node, bool *changed) {
  ob_value_t *bias = input(node, 8);
  for (size_t i = 1; i < 8; i += i == 4 ? 2 : 3)
    if (!is_plain(input(node, i), input(node, i + 1))) return OB_OK;
  if (!is_single(node->inputs[1]) || !is_single(node->inputs[6])) return OB_OK;
  *changed = true;
  ob_value_t *x = dequantize(m, node->inputs[0], node->inputs[1], node->inputs[2], 0);
  ob_value_t *w = dequantize(m, node->inputs[3], node->inputs[4], node->inputs[5], 0);
  if (bias) {
    ob_value_t *scale = OB_BUILD(m, "Mul", node->inputs[1], node->inputs[4]);
    bias = m->status == OB_OK ? dequantize(m, bias, scale, NULL, 0) : NULL;
  }
  ob_node_t *conv = ob_build_node(m, "Conv", (ob_value_t *[]){x, w, bias}, bias ? 3 : 2);
  if (m->status == OB_OK) m->status = copy_attributes(node, conv);
  return quantize_result(m, node, ob_build_result(m, conv), 6);
}

static ob_status_t expand_matmul(ob_build_t *m, ob_node_t *node, bool *changed) {
  for (size_t i = 1; i < 8; i += i == 4 ? 2 : 3)
    if (!is_plain(input(node, i), input(node, i + 1))) return OB_OK;
  if (!is_single(node->inputs[1]) || !is_single(node->inputs[6]) || node->inputs[3]->type.rank < 2) return OB_OK;
  *changed = true;
  ob_value_t *a = dequantize(m, node->inputs[0], node->inputs[1], node->inputs[2], 0);
  ob_value_t *b = dequantize(m, node->inputs[3], node->inputs[4], node->inputs[5], node->inputs[3]->type.rank - 1);
  return quantize_result(m, node, OB_BUILD(m, "MatMul", a, b), 6);
}

/* ------------------------------------------------------------ products of integers */

/* value - zero in float32. The zero point may be a list along `axis`. */
static ob_value_t *centred(ob_build_t *m, ob_value_t *value, ob_value_t *zero, int64_t axis) {
  ob_value_t *scale = ob_build_number(m, 1);
  if (zero && !is_single(zero) && m->status == OB_OK) scale = OB_BUILD(m, "Expand", scale, OB_BUILD(m, "Shape", zero));
  return m->status == OB_OK ? dequantize(m, value, scale, zero, axis) : NULL;
}

/* node = Cast to float32 of the product, which nobody else reads. */
static ob_status_t expand_integers(ob_match_t *match, ob_build_t *m, ob_node_t *node, bool *changed) {
  int64_t to;
  const ob_node_t *product = ob_match_inner(match, node->inputs[0], "MatMulInteger");
  bool is_conv = !product && (product = ob_match_inner(match, node->inputs[0], "ConvInteger")) != NULL;
  if (!product || ob_node_int(node, "to", 0, &to) != OB_OK || to != OB_FLOAT32) return OB_OK;
  ob_value_t *zero_a = input(product, 2), *zero_b = input(product, 3), *b = product->inputs[1];
  if ((zero_a && !is_single(zero_a)) || (zero_b && zero_b->type.rank != 1 && !is_single(zero_b)) || b->type.rank < 2) return OB_OK;
  *changed = true;
  ob_value_t *inputs[2] = {centred(m, product->inputs[0], zero_a, 0), centred(m, b, zero_b, is_conv ? 0 : b->type.rank - 1)};
  ob_node_t *made;
  OB_TRY(m->status);
  OB_TRY(ob_match_put(node, is_conv ? "Conv" : "MatMul", inputs, 2, &made));
  return is_conv ? copy_attributes(product, made) : OB_OK;
}

/* ------------------------------------------------------------ numbers found at run time */

/* The extreme of all elements and 0. */
static ob_value_t *extreme(ob_build_t *m, ob_value_t *x, const char *reduce, const char *with_zero) {
  ob_node_t *node = ob_build_node(m, reduce, &x, 1);
  if (m->status == OB_OK) m->status = ob_node_set_int(node, "keepdims", 0);
  ob_value_t *value = ob_build_result(m, node);
  return OB_BUILD(m, with_zero, value, ob_build_number(m, 0));
}

static ob_status_t expand_dynamic(ob_build_t *m, ob_node_t *node, bool *changed) {
  ob_value_t *x = node->inputs[0];
  if (x->type.rank < 0) return OB_OK;
  *changed = true;
  ob_value_t *low = extreme(m, x, "ReduceMin", "Min"), *high = extreme(m, x, "ReduceMax", "Max");
  ob_value_t *range = OB_BUILD(m, "Sub", high, low);
  ob_value_t *is_flat = OB_BUILD(m, "Equal", range, ob_build_number(m, 0));
  range = OB_BUILD(m, "Where", is_flat, ob_build_number(m, 1), range); /* all is 0: any scale does */
  ob_value_t *scale = OB_BUILD(m, "Div", range, ob_build_number(m, 255));
  ob_value_t *zero = OB_BUILD(m, "QuantizeLinear", OB_BUILD(m, "Neg", low), scale);
  ob_value_t *y = OB_BUILD(m, "QuantizeLinear", x, scale, zero), *values[3] = {y, scale, zero};
  OB_TRY(m->status);
  for (size_t i = 0; i < node->output_count; i++) {
    bool replaced;
    if (!node->outputs[i]) continue;
    OB_TRY(ob_rewrite_replace(m->graph, node->outputs[i], values[i], &replaced));
  }
  return OB_OK;
}

static ob_status_t expand(ob_match_t *match, ob_node_t *node, bool *changed) {
  ob_build_t maker = {.graph = match->graph, .near = node};
  if (ob_rewrite_is(node, "QLinearConv")) return expand_conv(&maker, node, changed);
  if (ob_rewrite_is(node, "QLinearMatMul")) return expand_matmul(&maker, node, changed);
  if (ob_rewrite_is(node, "Cast")) return expand_integers(match, &maker, node, changed);
  if (ob_rewrite_is(node, "DynamicQuantizeLinear")) return expand_dynamic(&maker, node, changed);
  return OB_OK;
}

static ob_status_t run(ob_graph_t *graph, const ob_pass_context_t *context, bool *changed) {
  (void)context;
  return ob_match_run(graph, expand, changed);
}

const ob_pass_t ob_pass_expand_quantized = {"expand_quantized", "makes operators on integers into dequantised ones", run};
