/* DynamicQuantizeLSTM: an LSTM whose weights are quantised. */
#include "import/onnx/contrib/contrib.h"

/* Weights [directions, in, gates] with a scale for each direction, or for each column of it, as ONNX has them: [directions, gates,
 * in]. ONNX Runtime quantises what they are multiplied with as well; that is left out here, so that the answer is the more exact
 * one. */
static ob_value_t *weights(ob_contrib_t *c, size_t index, size_t scale_index) {
  ob_value_t *value = ob_contrib_need(c, index), *scale = ob_contrib_need(c, scale_index),
             *zero = ob_contrib_need(c, scale_index + 1);
  ob_value_t *axes = ob_contrib_rank(c, scale) == 1 ? OB_LIST(c, 1, 2) : OB_LIST(c, 1);
  ob_value_t *zero_axes = ob_contrib_rank(c, zero) == 1 ? OB_LIST(c, 1, 2) : OB_LIST(c, 1);
  value = ob_contrib_cast(c, value, OB_FLOAT32);
  zero = ob_contrib_cast(c, zero, OB_FLOAT32);
  value = OB_MAKE(c, "Sub", value, OB_MAKE(c, "Unsqueeze", zero, zero_axes));
  value = OB_MAKE(c, "Mul", value, OB_MAKE(c, "Unsqueeze", scale, axes));
  return OB_TRANSPOSE(c, value, 0, 2, 1);
}

void ob_contrib_dynamic_quantize_lstm(ob_contrib_t *c) {
  ob_value_t *inputs[8], *out[3];
  for (size_t i = 0; i < 8; i++) inputs[i] = ob_contrib_input(c, i);
  inputs[1] = weights(c, 1, 8);
  inputs[2] = weights(c, 2, 10);
  ob_contrib_with_own(c, "activation_alpha activation_beta activations clip direction hidden_size input_forget");
  ob_contrib_make_many(c, "LSTM", inputs, 8, out, 3);
  for (size_t i = 0; i < 3; i++) ob_contrib_give(c, i, out[i]);
}
