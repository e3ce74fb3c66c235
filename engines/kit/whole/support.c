/* Answers for nodes from an engine's table of operators and element types. */
#include <stdio.h>
#include <string.h>

#include "kit/whole/internal.h"

static const ob_whole_operator_t *find(const ob_engine_t *engine, const char *domain, const char *op) {
  for (size_t i = 0; i < engine->whole->operator_count; i++) {
    const ob_whole_operator_t *one = &engine->whole->operators[i];
    if (strcmp(one->op, op) == 0 && strcmp(one->domain, domain) == 0) return one;
  }
  return NULL;
}

bool ob_whole_knows(const ob_engine_t *engine, const char *domain, const char *op) { return find(engine, domain, op) != NULL; }

/* The list for place `index` of "a b, c d": the last one for those beyond it. */
static const char *list_at(const char *lists, size_t index, size_t *length) {
  const char *at = lists, *comma;
  while (index-- > 0 && (comma = strchr(at, ','))) at = comma + 1;
  comma = strchr(at, ',');
  *length = comma ? (size_t)(comma - at) : strlen(at);
  return at;
}

static bool lists_type(const char *lists, size_t index, const char *type) {
  size_t length, size = strlen(type);
  const char *at = list_at(lists, index, &length), *end = at + length;
  while (at < end) {
    const char *stop = memchr(at, ' ', (size_t)(end - at));
    if (!stop) stop = end;
    if ((size_t)(stop - at) == size && memcmp(at, type, size) == 0) return true;
    at = stop + 1;
  }
  return false;
}

/* Values that the library can be given at all. */
static bool is_plain(const ob_node_view_t *node, const ob_value_view_t *value, bool output, char *reason, size_t size) {
  if (value->kind != OB_TENSOR || value->dtype == OB_STRING) return snprintf(reason, size, "%s: only tensors of numbers", node->op), false;
  if (value->rank < 0 && !output) return snprintf(reason, size, "%s: an input of unknown rank", node->op), false;
  for (int32_t i = 0; i < value->rank; i++)
    if (value->dims[i] == 0) return snprintf(reason, size, "%s: an empty tensor", node->op), false;
  return true;
}

static bool types_fit(const ob_engine_t *engine, const ob_node_view_t *node, char *reason, size_t size) {
  const ob_whole_operator_t *one = find(engine, node->domain, node->op);
  if (!one) return snprintf(reason, size, "%s: not among the operators that %s was found right with", node->op, engine->whole->name), false;
  for (size_t i = 0; i < node->input_count + node->output_count; i++) {
    bool output = i >= node->input_count;
    size_t index = output ? i - node->input_count : i;
    const ob_value_view_t *value = output ? node->outputs[index] : node->inputs[index];
    if (!value || lists_type(output ? one->outputs : one->inputs, index, ob_dtype_name(value->dtype))) continue;
    snprintf(reason, size, "%s: %s %zu of %s is not among the types that %s was found right with", node->op, output ? "output" : "input", index,
             ob_dtype_name(value->dtype), engine->whole->name);
    return false;
  }
  return true;
}

bool ob_whole_supports(const ob_engine_t *engine, const ob_region_view_t *region, const ob_node_view_t *node, char *reason, size_t size) {
  for (size_t i = 0; i < node->input_count + node->output_count; i++) {
    bool output = i >= node->input_count;
    const ob_value_view_t *value = output ? node->outputs[i - node->input_count] : node->inputs[i];
    if (value && !is_plain(node, value, output, reason, size)) return false;
  }
  if (!engine->claims_all && !types_fit(engine, node, reason, size)) return false;
  return !engine->whole->supports || engine->whole->supports(region, node, reason, size);
}
