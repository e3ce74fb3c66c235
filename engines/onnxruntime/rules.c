/* What the table of operators cannot say of ONNX Runtime: attributes and inputs that it lacks or reads in another way than ONNX. */
#include <stdio.h>
#include <string.h>

#include "onnxruntime/session.h"

static int64_t number(const ob_node_view_t *node, const char *name, int64_t fallback) {
  const ob_attribute_view_t *attribute = ob_node_attribute(node, name);
  return attribute && attribute->ints && attribute->count > 0 ? attribute->ints[0] : fallback;
}

static bool says(const ob_node_view_t *node, const char *name, const char *text) { return strcmp(ob_node_text(node, name, ""), text) == 0; }
static bool has_input(const ob_node_view_t *node, size_t index) { return index < node->input_count && node->inputs[index]; }

/* Each gives the words of what is wrong, or NULL. */

static const char *recurrent(const ob_node_view_t *node) { return number(node, "layout", 0) != 0 ? "no layout 1" : NULL; }
static const char *max_unpool(const ob_node_view_t *node) { return has_input(node, 2) ? "output_shape means something else" : NULL; }

static bool is_float(ob_dtype_t dtype) { return dtype == OB_FLOAT32 || dtype == OB_FLOAT64; }

static const char *power(const ob_node_view_t *node) {
  ob_dtype_t exponent = node->inputs[1]->dtype;
  if (!is_float(node->inputs[0]->dtype)) return "integers go through floating point";
  return is_float(exponent) || exponent == OB_INT32 || exponent == OB_INT64 ? NULL : "no exponents of this type";
}

static const char *modulo(const ob_node_view_t *node) {
  ob_dtype_t dtype = node->inputs[0]->dtype;
  return number(node, "fmod", 0) == 0 && (is_float(dtype) || dtype == OB_FLOAT16) ? "no fmod 0 of floating point" : NULL;
}

static const char *convolve_integers(const ob_node_view_t *node) {
  const ob_attribute_view_t *pads = ob_node_attribute(node, "pads");
  for (size_t i = 0; pads && i < pads->count; i++)
    if (pads->ints[i] != 0) return "padding is not the zero point";
  return NULL;
}

static const char *quantize(const ob_node_view_t *node) {
  for (size_t i = 1; i < node->input_count; i++)
    if (node->inputs[i] && node->inputs[i]->dtype == OB_FLOAT16) return "no scale of float16";
  return NULL;
}

static const char *fourier(const ob_node_view_t *node) { return node->outputs[0]->dtype != OB_FLOAT64 ? "sums lose half of their digits" : NULL; }

static const char *resize(const ob_node_view_t *node) {
  if (says(node, "coordinate_transformation_mode", "align_corners") && !says(node, "mode", "nearest")) return "align_corners is another one when it shrinks";
  return NULL;
}

static const struct {
  const char *op;
  const char *(*refuses)(const ob_node_view_t *node);
} rules[] = {{"DFT", fourier},     {"STFT", fourier},           {"GRU", recurrent},   {"LSTM", recurrent},          {"RNN", recurrent},  {"MaxUnpool", max_unpool},
             {"Pow", power},       {"Mod", modulo},             {"ConvInteger", convolve_integers}, {"DequantizeLinear", quantize}, {"QuantizeLinear", quantize}, {"Resize", resize}};

bool ob_ort_supports(const ob_region_view_t *region, const ob_node_view_t *node, char *reason, size_t size) {
  (void)region;
  for (size_t i = 0; i < sizeof rules / sizeof *rules && node->domain[0] == 0; i++) {
    const char *words = strcmp(rules[i].op, node->op) == 0 ? rules[i].refuses(node) : NULL;
    if (words) return snprintf(reason, size, "%s in ONNX Runtime: %s", node->op, words), false;
  }
  return true;
}
