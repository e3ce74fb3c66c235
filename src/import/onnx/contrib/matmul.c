/* Contractions with something fused before or behind them. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "import/onnx/contrib/contrib.h"

/* ------------------------------------------------------------ activations */

enum { PARAMETERS = 3 };

/* Names of the standard operators' attributes for the parameters of a fused activation. */
static const struct activation {
  const char *op, *parameters[PARAMETERS];
} activations[] = {
    {"Relu", {NULL}},
    {"Tanh", {NULL}},
    {"Sigmoid", {NULL}},
    {"Softplus", {NULL}},
    {"Softsign", {NULL}},
    {"HardSwish", {NULL}},
    {"LeakyRelu", {"alpha"}},
    {"Elu", {"alpha"}},
    {"ThresholdedRelu", {"alpha"}},
    {"Gelu", {NULL}},
    {"Celu", {"alpha"}},
    {"HardSigmoid", {"alpha", "beta"}},
    {"Mish", {NULL}},
    {"Selu", {"alpha", "gamma"}},
};

static ob_value_t *clip(ob_contrib_t *c, ob_value_t *value, const float *bounds) {
  ob_value_t *low = isnan(bounds[0]) ? NULL : ob_contrib_number(c, value, (double)bounds[0]);
  ob_value_t *high = isnan(bounds[1]) ? NULL : ob_contrib_number(c, value, (double)bounds[1]);
  return OB_MAKE(c, "Clip", value, low, high);
}

ob_value_t *ob_contrib_activate(ob_contrib_t *c, ob_value_t *value, const char *activation, const float *parameters) {
  if (c->status != OB_OK || activation[0] == 0) return value;
  if (strcmp(activation, "Clip") == 0) return clip(c, value, parameters);
  for (size_t i = 0; i < sizeof activations / sizeof *activations; i++) {
    const struct activation *found = &activations[i];
    if (strcmp(found->op, activation) != 0) continue;
    for (size_t k = 0; k < PARAMETERS && found->parameters[k]; k++)
      if (!isnan(parameters[k])) ob_contrib_with_float(c, found->parameters[k], parameters[k]);
    return OB_MAKE(c, found->op, value);
  }
  ob_contrib_fail(c, OB_UNSUPPORTED, "attribute 'activation' is '%s', which is not supported", ob_quote(activation));
  return NULL;
}

/* The activation of FusedGemm and FusedMatMulActivation, whose parameters are attributes of their own. */
static ob_value_t *activate_by_attributes(ob_contrib_t *c, ob_value_t *value) {
  const char *activation = ob_contrib_string(c, "activation", "");
  float parameters[PARAMETERS] = {ob_contrib_float(c, "activation_alpha", NAN), ob_contrib_float(c, "activation_beta", NAN), NAN};
  if (strcmp(activation, "Selu") == 0) parameters[1] = ob_contrib_float(c, "activation_gamma", NAN);
  if (strcmp(activation, "Softmax") == 0 || strcmp(activation, "LogSoftmax") == 0) {
    ob_contrib_with_int(c, "axis", ob_contrib_int(c, "activation_axis", -1));
    return OB_MAKE(c, activation, value);
  }
  return ob_contrib_activate(c, value, activation, parameters);
}

/* ------------------------------------------------------------ matrix products */

/* Moves axis 0 behind the batch, then exchanges the last two. */
static ob_value_t *orient(ob_contrib_t *c, ob_value_t *value, bool transposed, bool batch) {
  int64_t perm[OB_MAX_RANK];
  int32_t rank = ob_contrib_rank(c, value);
  if (rank < 2 || (!transposed && !batch)) return value;
  for (int32_t i = 0; i < rank; i++) perm[i] = i;
  if (batch)
    for (int32_t i = 0; i < rank - 1; i++) perm[i] = i == rank - 2 ? 0 : i + 1;
  if (transposed) {
    int64_t last = perm[rank - 1];
    perm[rank - 1] = perm[rank - 2];
    perm[rank - 2] = last;
  }
  return ob_contrib_transpose(c, value, perm, (size_t)rank);
}

static ob_value_t *product(ob_contrib_t *c) {
  ob_value_t *a = orient(c, ob_contrib_need(c, 0), ob_contrib_int(c, "transA", 0), ob_contrib_int(c, "transBatchA", 0));
  ob_value_t *b = orient(c, ob_contrib_need(c, 1), ob_contrib_int(c, "transB", 0), ob_contrib_int(c, "transBatchB", 0));
  return ob_contrib_scale(c, OB_MAKE(c, "MatMul", a, b), (double)ob_contrib_float(c, "alpha", 1));
}

void ob_contrib_fused_mat_mul(ob_contrib_t *c) { ob_contrib_give(c, 0, product(c)); }

void ob_contrib_fused_mat_mul_activation(ob_contrib_t *c) { ob_contrib_give(c, 0, activate_by_attributes(c, product(c))); }

void ob_contrib_fused_gemm(ob_contrib_t *c) {
  ob_contrib_with_own(c, "alpha beta transA transB");
  ob_value_t *y = OB_MAKE(c, "Gemm", ob_contrib_need(c, 0), ob_contrib_need(c, 1), ob_contrib_input(c, 2));
  ob_contrib_give(c, 0, activate_by_attributes(c, y));
}

/* ------------------------------------------------------------ convolutions */

#define WINDOW "auto_pad dilations group kernel_shape pads strides"

/* Numbers of activation_params; NAN where there are none. */
static void read_parameters(ob_contrib_t *c, float parameters[PARAMETERS]) {
  const ob_attribute_t *found = ob_upgrade_find(&c->up, "activation_params");
  for (size_t i = 0; i < PARAMETERS; i++) parameters[i] = NAN;
  if (found && found->kind != OB_ATTRIBUTE_FLOATS)
    ob_contrib_fail(c, OB_INVALID_MODEL, "attribute 'activation_params' is not a list of floats");
  for (size_t i = 0; c->status == OB_OK && found && i < found->count && i < PARAMETERS; i++) parameters[i] = found->floats[i];
}

static ob_value_t *convolve(ob_contrib_t *c, ob_value_t *x, ob_value_t *weight) {
  ob_contrib_with_own(c, WINDOW);
  return OB_MAKE(c, "Conv", x, weight, ob_contrib_input(c, 2));
}

static ob_value_t *finish(ob_contrib_t *c, ob_value_t *y) {
  float parameters[PARAMETERS];
  read_parameters(c, parameters);
  return ob_contrib_activate(c, ob_contrib_add(c, y, ob_contrib_input(c, 3)), ob_contrib_string(c, "activation", ""), parameters);
}

void ob_contrib_fused_conv(ob_contrib_t *c) {
  ob_contrib_give(c, 0, finish(c, convolve(c, ob_contrib_need(c, 0), ob_contrib_need(c, 1))));
}

/* Weights are not transposed here. */
void ob_contrib_nhwc_fused_conv(ob_contrib_t *c) {
  ob_value_t *x = ob_contrib_channels_first(c, ob_contrib_need(c, 0));
  ob_contrib_give(c, 0, finish(c, ob_contrib_channels_last(c, convolve(c, x, ob_contrib_need(c, 1)))));
}

/* Weights have their channels last, too. */
void ob_contrib_nhwc_conv(ob_contrib_t *c) {
  ob_value_t *x = ob_contrib_channels_first(c, ob_contrib_need(c, 0)),
             *weight = ob_contrib_channels_first(c, ob_contrib_need(c, 1));
  ob_contrib_give(c, 0, ob_contrib_channels_last(c, convolve(c, x, weight)));
}

void ob_contrib_nhwc_max_pool(ob_contrib_t *c) {
  ob_value_t *x = ob_contrib_channels_first(c, ob_contrib_need(c, 0));
  ob_contrib_with_own(c, "auto_pad ceil_mode dilations kernel_shape pads strides");
  ob_contrib_give(c, 0, ob_contrib_channels_last(c, OB_MAKE(c, "MaxPool", x)));
}
