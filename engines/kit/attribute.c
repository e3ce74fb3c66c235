/* Attributes of nodes for kernels: looked up by name, symbols already numbers. */
#include <string.h>

#include "kit/kit.h"

/* Index of the attribute called `name`, or attribute_count. */
static size_t find(const ob_node_view_t *node, const char *name) {
  size_t i = 0;
  while (i < node->attribute_count && strcmp(node->attributes[i]->name, name) != 0) i++;
  return i;
}

const ob_attribute_view_t *ob_node_attribute(const ob_node_view_t *node, const char *name) {
  size_t i = find(node, name);
  return i < node->attribute_count ? node->attributes[i] : NULL;
}

static const int64_t *get_ints(const ob_node_view_t *node, const int64_t *const *numbers, const char *name, size_t *count) {
  size_t i = find(node, name);
  *count = 0;
  if (i == node->attribute_count) return NULL;
  const ob_attribute_view_t *attribute = node->attributes[i];
  if (attribute->kind != OB_ATTRIBUTE_INT && attribute->kind != OB_ATTRIBUTE_INTS) return NULL;
  *count = attribute->count;
  return numbers[i];
}

static int64_t get_int(const ob_node_view_t *node, const int64_t *const *numbers, const char *name, int64_t fallback) {
  size_t count;
  const int64_t *ints = get_ints(node, numbers, name, &count);
  return ints && count > 0 ? ints[0] : fallback;
}

static float get_float(const ob_node_view_t *node, const char *name, float fallback) {
  const ob_attribute_view_t *attribute = ob_node_attribute(node, name);
  return attribute && attribute->kind == OB_ATTRIBUTE_FLOAT ? attribute->floats[0] : fallback;
}

int64_t ob_kernel_int(const ob_kernel_call_t *call, const char *name, int64_t fallback) {
  return get_int(call->node, call->attribute_ints, name, fallback);
}

const int64_t *ob_kernel_ints(const ob_kernel_call_t *call, const char *name, size_t *count) {
  return get_ints(call->node, call->attribute_ints, name, count);
}

float ob_kernel_float(const ob_kernel_call_t *call, const char *name, float fallback) {
  return get_float(call->node, name, fallback);
}

const char *ob_kernel_string(const ob_kernel_call_t *call, const char *name, const char *fallback) {
  return ob_node_text(call->node, name, fallback);
}

int64_t ob_setup_int(const ob_kernel_setup_t *setup, const char *name, int64_t fallback) {
  return get_int(setup->node, setup->attribute_ints, name, fallback);
}

const int64_t *ob_setup_ints(const ob_kernel_setup_t *setup, const char *name, size_t *count) {
  return get_ints(setup->node, setup->attribute_ints, name, count);
}

float ob_setup_float(const ob_kernel_setup_t *setup, const char *name, float fallback) {
  return get_float(setup->node, name, fallback);
}

const char *ob_node_text(const ob_node_view_t *node, const char *name, const char *fallback) {
  const ob_attribute_view_t *attribute = ob_node_attribute(node, name);
  return attribute && attribute->kind == OB_ATTRIBUTE_STRING ? attribute->strings[0].data : fallback;
}
