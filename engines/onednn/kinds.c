/* The table of operators, and what their `supports` functions share. */
#include <stdio.h>
#include <string.h>

#include "onednn/kinds.h"

static const dn_kind_t *const kinds[] = {
#define K(name) &dn_kind_##name,
#include "onednn/kinds.def"
#undef K
};

static const dn_kind_t *find_named(const char *domain, const char *op) {
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
    if (strcmp(kinds[i]->op, op) == 0 && strcmp(kinds[i]->domain ? kinds[i]->domain : "", domain) == 0) return kinds[i];
  return NULL;
}

const dn_kind_t *dn_kind_find(const ob_node_view_t *node) { return find_named(node->domain, node->op); }

bool dn_has_operator(const ob_engine_t *engine, const char *domain, const char *op) {
  (void)engine;
  return find_named(domain, op) != NULL;
}

const ob_value_view_t *dn_first_output(const ob_node_view_t *node) {
  for (size_t i = 0; i < node->output_count; i++)
    if (node->outputs[i]) return node->outputs[i];
  return NULL;
}

bool dn_refuse(dn_reason_t *reason, const char *format, ...) {
  va_list args;
  va_start(args, format);
  if (reason->size > 0) vsnprintf(reason->text, reason->size, format, args);
  va_end(args);
  return false;
}

bool dn_all_float32(const ob_node_view_t *node, dn_reason_t *reason) {
  for (size_t i = 0; i < node->input_count + node->output_count; i++) {
    const ob_value_view_t *value = i < node->input_count ? node->inputs[i] : node->outputs[i - node->input_count];
    if (!value) continue;
    if (value->kind != OB_TENSOR || value->dtype != OB_FLOAT32)
      return dn_refuse(reason, "%s: '%s' must be a float32 tensor here", node->op, ob_quote(value->name));
    if (value->rank < 0) return dn_refuse(reason, "%s: the rank of '%s' is not known", node->op, ob_quote(value->name));
    if (value->rank > DN_MAX_RANK)
      return dn_refuse(reason, "%s: '%s' has rank %d, oneDNN has up to %d", node->op, ob_quote(value->name), value->rank, DN_MAX_RANK);
  }
  return true;
}

bool dn_numbers_known(const ob_node_view_t *node, const char *attribute, dn_reason_t *reason) {
  const ob_attribute_view_t *view = ob_node_attribute(node, attribute);
  return !view || !view->symbolic || dn_refuse(reason, "%s: attribute %s must not be symbolic here", node->op, attribute);
}

int64_t dn_int(const ob_node_view_t *node, const char *name, int64_t fallback) {
  const ob_attribute_view_t *view = ob_node_attribute(node, name);
  return view && view->kind == OB_ATTRIBUTE_INT && !view->symbolic ? view->ints[0] : fallback;
}

float dn_float(const ob_node_view_t *node, const char *name, float fallback) {
  const ob_attribute_view_t *view = ob_node_attribute(node, name);
  return view && view->kind == OB_ATTRIBUTE_FLOAT ? view->floats[0] : fallback;
}

bool dn_scalar(const ob_value_view_t *value, float *number) {
  size_t count;
  if (!value || !value->is_constant || !value->constant || value->dtype != OB_FLOAT32 || value->rank < 0) return false;
  if (!ob_dims_count(value->rank, value->dims, &count) || count != 1) return false;
  *number = *(const float *)value->constant;
  return true;
}

static bool same_dim(const ob_value_view_t *a, int32_t i, const ob_value_view_t *b, int32_t j) {
  if (a->dims[i] != OB_DYNAMIC || b->dims[j] != OB_DYNAMIC) return a->dims[i] == b->dims[j];
  return a->dim_texts && b->dim_texts && strcmp(a->dim_texts[i], b->dim_texts[j]) == 0;
}

bool dn_same_shape(const ob_value_view_t *a, const ob_value_view_t *b) {
  if (a->rank < 0 || a->rank != b->rank) return false;
  for (int32_t d = 0; d < a->rank; d++)
    if (!same_dim(a, d, b, d)) return false;
  return true;
}

bool dn_broadcasts_to(const ob_value_view_t *small, const ob_value_view_t *large) {
  if (small->rank < 0 || small->rank > large->rank) return false;
  for (int32_t d = 0; d < small->rank; d++)
    if (small->dims[d] != 1 && !same_dim(small, d, large, d + large->rank - small->rank)) return false;
  return true;
}
