/* What the table of operators cannot say of OpenVINO: attributes and inputs that it lacks or reads in another way than ONNX. */
#include <stdio.h>
#include <string.h>

#include "openvino/model.h"

static int64_t number(const ob_node_view_t *node, const char *name, int64_t fallback) {
  const ob_attribute_view_t *attribute = ob_node_attribute(node, name);
  return attribute && attribute->ints && attribute->count > 0 ? attribute->ints[0] : fallback;
}

static bool says(const ob_node_view_t *node, const char *name, const char *text) { return strcmp(ob_node_text(node, name, ""), text) == 0; }
static bool has_input(const ob_node_view_t *node, size_t index) { return index < node->input_count && node->inputs[index]; }
static bool has_output(const ob_node_view_t *node, size_t index) { return index < node->output_count && node->outputs[index]; }

/* Each gives the words of what is wrong, or NULL. */

static const char *recurrent(const ob_node_view_t *node) {
  if (number(node, "layout", 0) != 0) return "layout 1 comes out in another shape";
  return has_input(node, 7) ? "peepholes are left out of account" : NULL;
}

static const char *extreme(const ob_node_view_t *node) { return node->input_count < 2 ? "one input only" : NULL; }

/* With ceil_mode, OpenVINO keeps a last window that begins beyond the input: that cannot be when windows reach from one to the next. */
static const char *max_pool(const ob_node_view_t *node) {
  const ob_attribute_view_t *kernel = ob_node_attribute(node, "kernel_shape"), *strides = ob_node_attribute(node, "strides");
  const ob_attribute_view_t *pads = ob_node_attribute(node, "pads");
  if (has_output(node, 1)) return "indices of the largest elements are others";
  if (number(node, "ceil_mode", 0) == 0) return NULL;
  for (size_t i = 0; kernel && strides && i < strides->count && i < kernel->count; i++)
    if (kernel->ints[i] < strides->ints[i]) return "ceil_mode with strides beyond the kernel";
  for (size_t i = 0; pads && i < pads->count; i++)
    if (pads->ints[i] != 0) return "ceil_mode with padding";
  return NULL;
}

static const char *einsum(const ob_node_view_t *node) { return node->inputs[0]->rank == 0 ? "no scalars" : NULL; }
static const char *space_to_depth(const ob_node_view_t *node) { return says(node, "mode", "CRD") ? "no mode CRD" : NULL; }
/* They begin with the largest finite number: rows of nothing but -inf, as masks have them, would come out finite. */
static const char *reduce_extreme(const ob_node_view_t *node) {
  ob_dtype_t dtype = node->inputs[0]->dtype;
  return dtype == OB_FLOAT32 || dtype == OB_FLOAT16 || dtype == OB_BFLOAT16 ? "infinities alone come out finite" : NULL;
}
static const char *col2im(const ob_node_view_t *node) { return node->inputs[1]->dims[0] != 2 ? "it has images only" : NULL; }
static const char *reduce_log_sum(const ob_node_view_t *node) {
  return has_input(node, 1) && !node->inputs[1]->is_constant ? "axes must be constant" : NULL;
}
static const char *grid_sample(const ob_node_view_t *node) { return node->inputs[0]->rank != 4 ? "it has images only" : NULL; }
static const char *pad(const ob_node_view_t *node) { return says(node, "mode", "wrap") ? "no mode wrap" : NULL; }
static const char *roi_align(const ob_node_view_t *node) { return says(node, "mode", "max") ? "mode max is another one" : NULL; }

static const char *quantize(const ob_node_view_t *node) {
  if (number(node, "block_size", 0) != 0) return "no blocks";
  return node->outputs[0]->dtype == OB_UINT8 || node->outputs[0]->dtype == OB_INT8 ? NULL : "only to 8 bits";
}

static const char *resize(const ob_node_view_t *node) {
  if (number(node, "exclude_outside", 0) != 0) return "no exclude_outside";
  if (number(node, "antialias", 0) != 0) return "antialiasing is another one";
  if (!says(node, "keep_aspect_ratio_policy", "stretch")) return "aspect ratios are not kept";
  if (says(node, "coordinate_transformation_mode", "tf_crop_and_resize")) return "no tf_crop_and_resize";
  if (says(node, "coordinate_transformation_mode", "half_pixel_symmetric")) return "no half_pixel_symmetric";
  if (says(node, "coordinate_transformation_mode", "align_corners") && !says(node, "mode", "nearest")) return "align_corners is another one when it shrinks";
  return NULL;
}

static const struct {
  const char *op;
  const char *(*refuses)(const ob_node_view_t *node);
} rules[] = {{"Col2Im", col2im},       {"Einsum", einsum},           {"GRU", recurrent},          {"GridSample", grid_sample},
             {"LSTM", recurrent},      {"Max", extreme},             {"MaxPool", max_pool},       {"Min", extreme},
             {"Pad", pad},             {"QuantizeLinear", quantize}, {"RNN", recurrent},          {"ReduceLogSum", reduce_log_sum},
             {"ReduceMax", reduce_extreme}, {"ReduceMin", reduce_extreme}, {"Resize", resize},    {"RoiAlign", roi_align},
             {"SpaceToDepth", space_to_depth}};

bool ob_openvino_supports(const ob_region_view_t *region, const ob_node_view_t *node, char *reason, size_t size) {
  (void)region;
  for (size_t i = 0; i < sizeof rules / sizeof *rules && node->domain[0] == 0; i++) {
    const char *words = strcmp(rules[i].op, node->op) == 0 ? rules[i].refuses(node) : NULL;
    if (words) return snprintf(reason, size, "%s in OpenVINO: %s", node->op, words), false;
  }
  return true;
}
