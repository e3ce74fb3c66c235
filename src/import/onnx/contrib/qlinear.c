/* Operators on quantised tensors: dequantised, computed, quantised again. */
#include "import/onnx/contrib/contrib.h"

/* Input `index` with the scale and zero point that follow it. */
static ob_value_t *real(ob_contrib_t *c, size_t index) {
  ob_quantized_t from = {ob_contrib_need(c, index), ob_contrib_need(c, index + 1), ob_contrib_input(c, index + 2)};
  return ob_contrib_dequantize(c, &from, 0);
}

/* Output 0 from its scale and zero point, inputs `index` and the one after it; without one its type is that of input `like`. */
static void give(ob_contrib_t *c, ob_value_t *value, size_t index, size_t like) {
  ob_quantized_t to = {value, ob_contrib_need(c, index), ob_contrib_input(c, index + 1)};
  const ob_value_t *first = ob_contrib_need(c, like);
  if (c->status == OB_OK) ob_contrib_give(c, 0, ob_contrib_quantize(c, &to, first->type.dtype));
}

static void binary(ob_contrib_t *c, const char *op) { give(c, OB_MAKE(c, op, real(c, 0), real(c, 3)), 6, 0); }
void ob_contrib_q_linear_add(ob_contrib_t *c) { binary(c, "Add"); }
void ob_contrib_q_linear_mul(ob_contrib_t *c) { binary(c, "Mul"); }

void ob_contrib_q_linear_sigmoid(ob_contrib_t *c) { give(c, OB_MAKE(c, "Sigmoid", real(c, 0)), 3, 0); }

void ob_contrib_q_linear_leaky_relu(ob_contrib_t *c) {
  ob_value_t *x = real(c, 0);
  ob_contrib_with_own(c, "alpha");
  give(c, OB_MAKE(c, "LeakyRelu", x), 3, 0);
}

void ob_contrib_q_linear_softmax(ob_contrib_t *c) {
  ob_value_t *x = real(c, 0);
  int64_t axis = ob_contrib_int(c, "axis", -1);
  if (ob_contrib_int(c, "opset", 13) < 13) {
    give(c, ob_contrib_softmax(c, x, axis), 3, 0);
    return;
  }
  ob_contrib_with_int(c, "axis", axis);
  give(c, OB_MAKE(c, "Softmax", x), 3, 0);
}

void ob_contrib_q_linear_reduce_mean(ob_contrib_t *c) {
  ob_value_t *x = real(c, 0), *axes = ob_contrib_axes(c);
  ob_contrib_with_own(c, "keepdims");
  give(c, OB_MAKE(c, "ReduceMean", x, axes), 3, 0);
}

void ob_contrib_q_linear_where(ob_contrib_t *c) {
  give(c, OB_MAKE(c, "Where", ob_contrib_need(c, 0), real(c, 1), real(c, 4)), 7, 1);
}

void ob_contrib_q_linear_concat(ob_contrib_t *c) {
  size_t count = c->up.record->input_count / 3; /* two inputs come first, the last zero point may be left out */
  ob_value_t **parts = NULL;
  if (c->up.record->input_count < 4) ob_contrib_fail(c, OB_INVALID_MODEL, "nothing to join");
  if (c->status == OB_OK) c->status = OB_ARENA_ARRAY(&c->up.importer->scratch, count, &parts);
  for (size_t i = 0; c->status == OB_OK && i < count; i++) parts[i] = real(c, 2 + 3 * i);
  if (c->status == OB_OK) give(c, ob_contrib_join(c, parts, count, ob_contrib_int(c, "axis", 0)), 0, 2);
}

/* ------------------------------------------------------------ pools and convolutions */

static void pool(ob_contrib_t *c, const char *op) {
  bool last = ob_contrib_int(c, "channels_last", 0) != 0;
  ob_value_t *x = real(c, 0);
  if (last) x = ob_contrib_channels_first(c, x);
  ob_contrib_with_own(c, "auto_pad ceil_mode count_include_pad kernel_shape pads strides");
  x = OB_MAKE(c, op, x);
  give(c, last ? ob_contrib_channels_last(c, x) : x, 3, 0);
}
void ob_contrib_q_linear_average_pool(ob_contrib_t *c) { pool(c, "AveragePool"); }
void ob_contrib_q_linear_global_average_pool(ob_contrib_t *c) { pool(c, "GlobalAveragePool"); }

/* The weights keep their order: only data may have its channels last. */
void ob_contrib_q_linear_conv(ob_contrib_t *c) {
  bool last = ob_contrib_int(c, "channels_last", 0) != 0;
  ob_quantized_t x = {ob_contrib_need(c, 0), ob_contrib_need(c, 1), ob_contrib_need(c, 2)};
  ob_quantized_t w = {ob_contrib_need(c, 3), ob_contrib_need(c, 4), ob_contrib_need(c, 5)};
  if (last) x.value = ob_contrib_channels_first(c, x.value);
  ob_value_t *data = ob_contrib_dequantize(c, &x, 0), *weights = ob_contrib_dequantize(c, &w, 0);
  ob_value_t *bias = ob_contrib_quantized_bias(c, ob_contrib_input(c, 8), &x, &w);
  ob_contrib_with_own(c, "auto_pad dilations group kernel_shape pads strides");
  ob_value_t *y = OB_MAKE(c, "Conv", data, weights, bias);
  give(c, last ? ob_contrib_channels_last(c, y) : y, 6, 0);
}

/* ------------------------------------------------------------ embedding */

/* Rows of a quantised table. */
static ob_value_t *rows(ob_contrib_t *c, const ob_quantized_t *table, ob_value_t *indices) {
  ob_quantized_t picked = *table;
  ob_contrib_with_int(c, "axis", 0);
  picked.value = OB_MAKE(c, "Gather", table->value, indices);
  return ob_contrib_dequantize(c, &picked, 0);
}

static ob_quantized_t table(ob_contrib_t *c, size_t index) {
  return (ob_quantized_t){ob_contrib_need(c, index), ob_contrib_need(c, index + 6), ob_contrib_need(c, index + 11)};
}

/* Inputs 2 to 6 are tables and weights, 8 to 12 their scales, 13 to 17 their zero points. */
void ob_contrib_q_embed_layer_norm(ob_contrib_t *c) {
  ob_value_t *ids = ob_contrib_need(c, 0), *segments = ob_contrib_input(c, 1);
  ob_quantized_t words = table(c, 2), places = table(c, 3), gamma = table(c, 5), beta = table(c, 6);
  places.value = ob_contrib_slice(c, places.value, OB_LIST(c, 0), ob_contrib_dim(c, ids, 1), 0);
  ob_value_t *sum = OB_MAKE(c, "Add", rows(c, &words, ids), ob_contrib_dequantize(c, &places, 0));
  if (segments) {
    ob_quantized_t kinds = table(c, 4);
    sum = OB_MAKE(c, "Add", sum, rows(c, &kinds, segments));
  }
  ob_value_t *scale = ob_contrib_dequantize(c, &gamma, 0), *bias = ob_contrib_dequantize(c, &beta, 0);
  ob_contrib_with_float(c, "epsilon", ob_contrib_float(c, "epsilon", 1e-12f));
  ob_contrib_give(c, 0, OB_MAKE(c, "LayerNormalization", sum, scale, bias));
  if (ob_contrib_wants(c, 1)) ob_contrib_give(c, 1, ob_contrib_count_mask(c, ids, ob_contrib_input(c, 7)));
}
