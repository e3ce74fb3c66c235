/* The table of operators, look-up by name, and attributes with their defaults. */
#include "op/op.h"

#include <string.h>

#define OB_OP(identifier, domain, name) extern const ob_op_t ob_op_##identifier;
#include "op/ops.def"
#undef OB_OP

static const ob_op_t *const operators[] = {
#define OB_OP(identifier, domain, name) &ob_op_##identifier,
#include "op/ops.def"
#undef OB_OP
};

size_t ob_op_count(void) { return sizeof operators / sizeof *operators; }

const ob_op_t *ob_op_at(size_t index) { return operators[index]; }

static int compare(const ob_op_t *op, const char *domain, const char *name) {
  int order = strcmp(op->domain, domain);
  return order != 0 ? order : strcmp(op->name, name);
}

const ob_op_t *ob_op_find(const char *domain, const char *name) {
  if (strcmp(domain, "ai.onnx") == 0) domain = "";
  size_t low = 0, high = ob_op_count();
  while (low < high) { /* ops.def is sorted: a test sees to it */
    size_t middle = low + (high - low) / 2;
    int order = compare(operators[middle], domain, name);
    if (order == 0) return operators[middle];
    if (order < 0)
      low = middle + 1;
    else
      high = middle;
  }
  if (compare(&ob_op_region, domain, name) == 0) return &ob_op_region;
  return NULL;
}

const ob_op_attribute_t *ob_op_attribute(const ob_op_t *op, const char *name) {
  for (uint32_t i = 0; i < op->attribute_count; i++)
    if (strcmp(op->attributes[i].name, name) == 0) return &op->attributes[i];
  return NULL;
}

/* The operator's description where it has a default. */
static const ob_op_attribute_t *default_of(const ob_node_t *node, const char *name) {
  const ob_op_attribute_t *attribute = ob_op_attribute(node->op, name);
  return attribute && attribute->presence == OB_DEFAULT ? attribute : NULL;
}

ob_status_t ob_node_int(const ob_node_t *node, const char *name, int64_t fallback, int64_t *value) {
  const ob_attribute_t *stated = ob_node_stated(node, name);
  if (stated && stated->kind == OB_ATTRIBUTE_INT && stated->count == 1) {
    if (ob_expr_is_const(stated->ints[0], value)) return OB_OK;
    return ob_fail(OB_UNSUPPORTED, "node '%s' (%s): attribute '%s' is an expression where a number is needed", ob_quote(node->name),
                   node->op->name, name);
  }
  const ob_op_attribute_t *attribute = default_of(node, name);
  *value = attribute ? attribute->int_value : fallback;
  return OB_OK;
}

ob_status_t ob_node_ints(const ob_node_t *node, const char *name, const ob_expr_t *const **ints, size_t *count) {
  const ob_attribute_t *stated = ob_node_stated(node, name);
  *ints = NULL;
  *count = 0;
  if (stated && (stated->kind == OB_ATTRIBUTE_INTS || stated->kind == OB_ATTRIBUTE_INT)) {
    *ints = stated->ints;
    *count = stated->count;
    return OB_OK;
  }
  const ob_op_attribute_t *attribute = default_of(node, name);
  if (!attribute || attribute->ints_count == 0) return OB_OK;
  ob_module_t *module = node->graph->module;
  const ob_expr_t **made;
  OB_TRY(ob_arena_alloc_array(&module->arena, attribute->ints_count, sizeof *made, (void **)&made));
  for (size_t i = 0; i < attribute->ints_count; i++) OB_TRY(ob_expr_const(module->exprs, attribute->ints_value[i], &made[i]));
  *ints = made;
  *count = attribute->ints_count;
  return OB_OK;
}

float ob_node_float(const ob_node_t *node, const char *name, float fallback) {
  const ob_attribute_t *stated = ob_node_stated(node, name);
  if (stated && stated->kind == OB_ATTRIBUTE_FLOAT && stated->count == 1) return stated->floats[0];
  const ob_op_attribute_t *attribute = default_of(node, name);
  return attribute ? attribute->float_value : fallback;
}

const char *ob_node_string(const ob_node_t *node, const char *name, const char *fallback) {
  const ob_attribute_t *stated = ob_node_stated(node, name);
  if (stated && stated->kind == OB_ATTRIBUTE_STRING && stated->count == 1) return stated->strings[0].data;
  const ob_op_attribute_t *attribute = default_of(node, name);
  return attribute && attribute->string_value ? attribute->string_value : fallback;
}
