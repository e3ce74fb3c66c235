/* Checks of a node against its operator's description: counts, element types, attributes. */
#include "op/check.h"

#include <string.h>

#include <outboard/outboard.h>

static const ob_op_param_t *formal(const ob_op_param_t *params, uint32_t count, bool variadic, size_t index) {
  if (index < count) return &params[index];
  return variadic && count > 0 ? &params[count - 1] : NULL;
}

const ob_op_param_t *ob_op_input(const ob_op_t *op, size_t index) {
  return formal(op->inputs, op->input_count, op->variadic_inputs, index);
}

const ob_op_param_t *ob_op_output(const ob_op_t *op, size_t index) {
  return formal(op->outputs, op->output_count, op->variadic_outputs, index);
}

static ob_status_t check_count(const char *what, size_t count, uint32_t low, uint32_t high, bool variadic) {
  if (count >= low && (variadic || count <= high)) return OB_OK;
  if (variadic) return ob_fail(OB_INVALID_MODEL, "%zu %s, expected %u or more", count, what, low);
  if (low == high) return ob_fail(OB_INVALID_MODEL, "%zu %s, expected %u", count, what, low);
  return ob_fail(OB_INVALID_MODEL, "%zu %s, expected %u to %u", count, what, low, high);
}

/* Inputs that are left out at the end are not there; Loop counts its optional first two as needed. */
static uint32_t least_inputs(const ob_op_t *op) {
  uint32_t least = op->min_inputs;
  while (least > 0 && least <= op->input_count && op->inputs[least - 1].optional) least--;
  return least;
}

static ob_status_t check_present(const ob_node_t *node) {
  const ob_op_t *op = node->op;
  OB_TRY(check_count("inputs", node->input_count, least_inputs(op), op->input_count, op->variadic_inputs));
  OB_TRY(check_count("outputs", node->output_count, op->min_outputs, op->output_count, op->variadic_outputs));
  for (size_t i = 0; i < node->input_count; i++) {
    const ob_op_param_t *param = ob_op_input(op, i);
    if (!node->inputs[i] && !param->optional)
      return ob_fail(OB_INVALID_MODEL, "input %zu ('%s') is left out, but it is not optional", i, param->name);
  }
  return OB_OK;
}

/* "float32, float64 or int64" */
static void list_types(uint64_t types, char *text, size_t room) {
  size_t used = 0;
  text[0] = 0;
  for (int dtype = 1; dtype < OB_DTYPE_COUNT; dtype++) {
    if (!(types & OB_DTYPE_BIT(dtype))) continue;
    types &= ~OB_DTYPE_BIT(dtype);
    const char *before = used == 0 ? "" : types == 0 ? " or " : ", ";
    int written = snprintf(text + used, room - used, "%s%s", before, ob_dtype_name((ob_dtype_t)dtype));
    if (written < 0 || (size_t)written >= room - used) return;
    used += (size_t)written;
  }
}

ob_status_t ob_check_type(const ob_op_param_t *param, const char *what, size_t index, const ob_type_t *type) {
  if (param->types == 0) return OB_OK;
  if (type->kind != OB_TENSOR) return ob_fail(OB_INVALID_MODEL, "%s %zu ('%s') is no tensor", what, index, param->name);
  if (type->dtype == OB_UNDEFINED || (param->types & OB_DTYPE_BIT(type->dtype))) return OB_OK;
  char expected[400];
  list_types(param->types, expected, sizeof expected);
  return ob_fail(OB_INVALID_MODEL, "%s %zu ('%s') is %s, expected %s", what, index, param->name, ob_dtype_name(type->dtype),
                 expected);
}

static ob_status_t check_types(const ob_node_t *node) {
  ob_dtype_t bound[128] = {OB_UNDEFINED};
  for (size_t i = 0; i < node->input_count; i++) {
    const ob_op_param_t *param = ob_op_input(node->op, i);
    if (!node->inputs[i]) continue;
    const ob_type_t *type = &node->inputs[i]->type;
    OB_TRY(ob_check_type(param, "input", i, type));
    if (param->types == 0 || param->type == 0 || type->dtype == OB_UNDEFINED) continue;
    ob_dtype_t *known = &bound[(unsigned char)param->type & 127];
    if (*known == OB_UNDEFINED) *known = type->dtype;
    if (*known != type->dtype)
      return ob_fail(OB_INVALID_MODEL, "input %zu ('%s') is %s, expected %s as the inputs before", i, param->name,
                     ob_dtype_name(type->dtype), ob_dtype_name(*known));
  }
  return OB_OK;
}

ob_dtype_t ob_op_output_dtype(const ob_node_t *node, size_t output) {
  const ob_op_param_t *param = ob_op_output(node->op, output);
  if (!param || param->types == 0) return OB_UNDEFINED;
  if ((param->types & (param->types - 1)) == 0) return (ob_dtype_t)__builtin_ctzll(param->types);
  for (size_t i = 0; param->type != 0 && i < node->input_count; i++) {
    const ob_op_param_t *input = ob_op_input(node->op, i);
    if (input->type == param->type && input->types != 0 && node->inputs[i]) return node->inputs[i]->type.dtype;
  }
  return OB_UNDEFINED;
}

static const char *kind_name(ob_attribute_kind_t kind) {
  static const char *const names[] = {"", "an integer", "a float", "a string", "integers", "floats", "strings", "a tensor"};
  return names[kind >= OB_ATTRIBUTE_INT && kind <= OB_ATTRIBUTE_TENSOR ? kind : 0];
}

static ob_status_t check_attributes(const ob_node_t *node) {
  for (size_t i = 0; i < node->attribute_count; i++) {
    const ob_attribute_t *stated = &node->attributes[i];
    const ob_op_attribute_t *known = ob_op_attribute(node->op, stated->name);
    if (!known) return ob_fail(OB_INVALID_MODEL, "the operator has no attribute '%s'", ob_quote(stated->name));
    if (stated->kind != known->kind)
      return ob_fail(OB_INVALID_MODEL, "attribute '%s' is %s, expected %s", known->name, kind_name(stated->kind),
                     kind_name(known->kind));
  }
  for (uint32_t i = 0; i < node->op->attribute_count; i++)
    if (node->op->attributes[i].presence == OB_REQUIRED && !ob_node_stated(node, node->op->attributes[i].name))
      return ob_fail(OB_INVALID_MODEL, "attribute '%s' is missing", node->op->attributes[i].name);
  return OB_OK;
}

static ob_status_t check_bodies(const ob_node_t *node) {
  size_t expected = 0;
  const char *const *names = node->op->body_attributes;
  while (names && names[expected]) expected++;
  if (node->body_count > expected) return ob_fail(OB_INVALID_MODEL, "%zu subgraphs, expected %zu", node->body_count, expected);
  for (size_t i = 0; i < expected; i++)
    if (i >= node->body_count || !node->bodies[i].graph) return ob_fail(OB_INVALID_MODEL, "subgraph '%s' is missing", names[i]);
  return OB_OK;
}

ob_status_t ob_check_node(const ob_node_t *node) {
  if (node->op == &ob_op_region) return OB_OK;
  OB_TRY(check_present(node));
  OB_TRY(check_attributes(node));
  OB_TRY(check_bodies(node));
  return check_types(node);
}
