/* Recognises operators between DequantizeLinear and QuantizeLinear. */
#include <math.h>
#include <string.h>

#include "cpu/quant/quant.h"

/* Products of a sum that int32 surely holds: each is at most 255 * 128. */
enum { MOST_TERMS = 60000 };

static bool is(const ob_node_view_t *node, const char *op) { return node && node->domain[0] == '\0' && strcmp(node->op, op) == 0; }

static const ob_node_view_t *producer(const ob_quant_nodes_t *nodes, const ob_value_view_t *value) {
  if (!value || value->producer < 0) return NULL;
  const uint32_t index = (uint32_t)value->producer;
  size_t low = 0, high = nodes->count;
  while (low < high) {
    const size_t middle = (low + high) / 2;
    if (nodes->items[middle]->index == index) return nodes->items[middle];
    if (nodes->items[middle]->index < index)
      low = middle + 1;
    else
      high = middle;
  }
  return NULL;
}

static bool is_known(const ob_value_view_t *value, size_t *count) {
  *count = 1;
  if (!value || !value->constant || value->rank < 0) return false;
  for (int32_t i = 0; i < value->rank; i++) {
    if (value->dims[i] < 0) return false;
    *count *= (size_t)value->dims[i];
  }
  return true;
}

static int64_t number(const ob_node_view_t *node, const char *name, int64_t fallback) {
  const ob_attribute_view_t *attribute = ob_node_attribute(node, name);
  return attribute && !attribute->symbolic && attribute->count == 1 && attribute->ints ? attribute->ints[0] : fallback;
}

void ob_quant_ints(const ob_node_view_t *node, const char *name, size_t count, int64_t fallback, int64_t *ints) {
  const ob_attribute_view_t *attribute = ob_node_attribute(node, name);
  for (size_t i = 0; i < count; i++) ints[i] = attribute && attribute->ints && i < attribute->count ? attribute->ints[i] : fallback;
}

static bool is_byte(ob_dtype_t dtype) { return dtype == OB_INT8 || dtype == OB_UINT8; }

/* Scale and zero point of a (De)QuantizeLinear that has one of each. */
static bool read_scale(const ob_node_view_t *node, ob_dtype_t dtype, ob_quant_scale_t *scale) {
  size_t count;
  if (!is_byte(dtype) || node->input_count < 2 || !is_known(node->inputs[1], &count) || count != 1 || node->inputs[1]->dtype != OB_FLOAT32) return false;
  *scale = (ob_quant_scale_t){.scale = *(const float *)node->inputs[1]->constant, .dtype = dtype, .zero = dtype == OB_INT8 ? 128 : 0};
  if (!(scale->scale > 0) || !isfinite(scale->scale)) return false;
  if (!ob_cpu_has(node, 2)) return true;
  if (!is_known(node->inputs[2], &count) || count != 1 || node->inputs[2]->dtype != dtype) return false;
  scale->zero += dtype == OB_INT8 ? *(const int8_t *)node->inputs[2]->constant : *(const uint8_t *)node->inputs[2]->constant;
  return true;
}

static bool add_part(ob_quant_op_t *op, const ob_node_view_t *node) {
  if (op->part_count == OB_QUANT_PARTS) return false;
  op->parts[op->part_count++] = node;
  return true;
}

static bool read_x(const ob_quant_nodes_t *nodes, const ob_node_view_t *core, size_t i, ob_quant_op_t *op) {
  const ob_node_view_t *node = producer(nodes, core->inputs[i]);
  if (!is(node, "DequantizeLinear") || node->inputs[0]->is_constant || node->outputs[0]->dtype != OB_FLOAT32) return false;
  const int32_t rank = node->inputs[0]->rank;
  if ((rank != 2 && rank != 4) || !read_scale(node, node->inputs[0]->dtype, &op->x_scale[op->x_count])) return false;
  op->dequantize[op->x_count] = node;
  op->x[op->x_count++] = node->inputs[0];
  return add_part(op, node);
}

/* int8 weights without zero points; scales: one, or one a filter. */
static bool read_weights(const ob_quant_nodes_t *nodes, const ob_node_view_t *core, int32_t rank, int64_t filter_axis, ob_quant_op_t *op) {
  const ob_node_view_t *node = core->input_count > 1 ? producer(nodes, core->inputs[1]) : NULL;
  size_t count, scales, zeros;
  if (!is(node, "DequantizeLinear") || !is_known(node->inputs[0], &count) || node->inputs[0]->dtype != OB_INT8) return false;
  if (count == 0 || node->inputs[0]->rank != rank || number(node, "block_size", 0) != 0) return false;
  const int64_t filters = node->inputs[0]->dims[filter_axis];
  if (!is_known(node->inputs[1], &scales) || node->inputs[1]->dtype != OB_FLOAT32 || (scales != 1 && (int64_t)scales != filters)) return false;
  if (scales != 1 && (node->inputs[1]->rank != 1 || ob_cpu_axis(number(node, "axis", 1), rank) != filter_axis)) return false;
  if (ob_cpu_has(node, 2)) {
    if (!is_known(node->inputs[2], &zeros)) return false;
    for (size_t i = 0; i < zeros; i++)
      if (((const int8_t *)node->inputs[2]->constant)[i] != 0) return false;
  }
  op->weights = node->inputs[0]->constant;
  op->weight_scales = node->inputs[1]->constant;
  op->weight_scale_count = scales;
  if (ob_cpu_has(core, 2)) {
    if (!is_known(core->inputs[2], &count) || core->inputs[2]->dtype != OB_FLOAT32 || (int64_t)count != filters) return false;
    op->bias = core->inputs[2]->constant;
  }
  return node->outputs[0]->dtype == OB_FLOAT32 && add_part(op, node);
}

static bool read_conv(const ob_quant_nodes_t *nodes, ob_quant_op_t *op) {
  const ob_node_view_t *core = op->core;
  int64_t ints[4];
  if (!read_x(nodes, core, 0, op) || op->x[0]->rank != 4 || !read_weights(nodes, core, 4, 0, op)) return false;
  if (strcmp(ob_node_text(core, "auto_pad", "NOTSET"), "NOTSET") != 0) return false;
  memcpy(op->weight_dims, producer(nodes, core->inputs[1])->inputs[0]->dims, sizeof op->weight_dims);
  static const char *const names[] = {"pads", "strides", "dilations"};
  for (size_t i = 0; i < 3; i++) {
    const ob_attribute_view_t *attribute = ob_node_attribute(core, names[i]);
    if (attribute && attribute->symbolic) return false;
    ob_quant_ints(core, names[i], 4, 1, ints);
    for (size_t k = 0; k < 4; k++)
      if (ints[k] < (i > 0) || ints[k] > 4096) return false;
  }
  if (op->weight_dims[1] * op->weight_dims[2] * op->weight_dims[3] > MOST_TERMS) return false;
  const int64_t group = number(core, "group", 1);
  return group == 1 || (group == op->weight_dims[0] && op->weight_dims[1] == 1 && op->x[0]->dims[1] == group);
}

static bool read_gemm(const ob_quant_nodes_t *nodes, ob_quant_op_t *op) {
  const ob_node_view_t *core = op->core;
  const bool gemm = is(core, "Gemm"), turned = gemm && number(core, "transB", 0) != 0;
  if (gemm) {
    const ob_attribute_view_t *alpha = ob_node_attribute(core, "alpha"), *beta = ob_node_attribute(core, "beta");
    if (number(core, "transA", 0) != 0 || (alpha && alpha->floats[0] != 1) || (beta && beta->floats[0] != 1)) return false;
  }
  if (!read_x(nodes, core, 0, op) || op->x[0]->rank != 2 || !read_weights(nodes, core, 2, turned ? 0 : 1, op)) return false;
  const int64_t *dims = producer(nodes, core->inputs[1])->inputs[0]->dims;
  op->transposed = !turned;
  op->weight_dims[0] = dims[turned ? 0 : 1];
  op->weight_dims[1] = dims[turned ? 1 : 0];
  op->weight_dims[2] = op->weight_dims[3] = 1;
  return op->weight_dims[1] <= MOST_TERMS;
}

static bool same_dims(const ob_value_view_t *a, const ob_value_view_t *b) {
  if (a->rank != b->rank) return false;
  for (int32_t i = 0; i < a->rank; i++)
    if (a->dims[i] != b->dims[i] || (a->dims[i] < 0 && strcmp(a->dim_texts[i], b->dim_texts[i]) != 0)) return false;
  return true;
}

static bool read_core(const ob_quant_nodes_t *nodes, bool flattened, ob_quant_op_t *op) {
  const ob_node_view_t *core = op->core;
  if (is(core, "GlobalAveragePool")) {
    op->kind = OB_QUANT_MEAN;
    return read_x(nodes, core, 0, op) && op->x[0]->rank == 4;
  }
  if (flattened) return false;
  if (is(core, "Conv")) return op->kind = OB_QUANT_CONV, read_conv(nodes, op);
  if (is(core, "Gemm") || is(core, "MatMul")) return op->kind = OB_QUANT_GEMM, read_gemm(nodes, op);
  if (!is(core, "Add")) return false;
  op->kind = OB_QUANT_ADD;
  return read_x(nodes, core, 0, op) && read_x(nodes, core, 1, op) && same_dims(op->x[0], op->x[1]);
}

static bool bound(const ob_node_view_t *node, size_t i, float *value) {
  size_t count;
  if (!ob_cpu_has(node, i)) return true;
  if (!is_known(node->inputs[i], &count) || count != 1 || node->inputs[i]->dtype != OB_FLOAT32) return false;
  *value = *(const float *)node->inputs[i]->constant;
  return !isnan(*value);
}

/* Relu and Clip as bounds. Nearer to the end comes first: bounds before it are cut to its own. */
static bool read_bound(const ob_node_view_t *node, ob_quant_op_t *op) {
  float low = -INFINITY, high = INFINITY;
  if (is(node, "Relu"))
    low = 0;
  else if (!bound(node, 1, &low) || !bound(node, 2, &high))
    return false;
  if (low > high || op->low != -INFINITY || op->high != INFINITY) return false;
  op->low = low;
  op->high = high;
  return true;
}

static bool is_passed_on(const ob_value_view_t *value) { return value->use_count == 1 && !value->is_output; }

/* Flatten or Reshape of N x C x 1 x 1 to N x C. */
static bool is_flattening(const ob_node_view_t *node) {
  const ob_value_view_t *from = node->inputs[0], *to = node->outputs[0];
  return (is(node, "Flatten") || is(node, "Reshape")) && from->rank == 4 && to->rank == 2 && from->dims[2] == 1 && from->dims[3] == 1 &&
         from->dims[1] > 0 && from->dims[1] == to->dims[1];
}

bool ob_quant_read(const ob_quant_nodes_t *nodes, const ob_node_view_t *quantize, ob_quant_op_t *op) {
  *op = (ob_quant_op_t){.kind = OB_QUANT_INPUT, .low = -INFINITY, .high = INFINITY};
  if (!is(quantize, "QuantizeLinear") || !quantize->outputs[0] || quantize->inputs[0]->dtype != OB_FLOAT32) return false;
  op->y = quantize->outputs[0];
  if ((op->y->rank != 2 && op->y->rank != 4) || !read_scale(quantize, op->y->dtype, &op->y_scale) || !add_part(op, quantize)) return false;
  const ob_quant_op_t plain = *op;
  const ob_value_view_t *value = quantize->inputs[0];
  const ob_node_view_t *node = producer(nodes, value);
  bool flattened = false, fits = true;
  while (fits && node && is_passed_on(value) && (is(node, "Relu") || is(node, "Clip") || is_flattening(node))) {
    if (is_flattening(node))
      fits = !flattened, flattened = true;
    else
      fits = read_bound(node, op);
    fits = fits && add_part(op, node);
    value = node->inputs[0];
    node = producer(nodes, value);
  }
  op->core = node;
  if (fits && node && is_passed_on(value) && node->output_count == 1 && read_core(nodes, flattened, op) && add_part(op, node)) return true;
  *op = plain;
  op->x[0] = quantize->inputs[0];
  return !quantize->inputs[0]->is_constant;
}
