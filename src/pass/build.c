/* Making nodes in a pass. */
#include "pass/build.h"

#include <string.h>

#include "pass/match.h"

ob_node_t *ob_build_node(ob_build_t *build, const char *op, ob_value_t *const *inputs, size_t count) {
  const ob_op_t *found = ob_op_find("", op);
  const char *name;
  ob_node_t *node = NULL;
  ob_value_t *value;
  if (build->status != OB_OK) return NULL;
  build->status = found ? ob_arena_printf(&build->graph->module->arena, &name, "%s/%zu.%s", build->near->name, build->made++, op)
                        : ob_fail(OB_INTERNAL, "operator %s is not in ops.def", op);
  if (build->status == OB_OK) build->status = ob_node_create(build->graph, found, name, count, 1, &node);
  if (build->status == OB_OK) build->status = ob_value_create(build->graph, name, &value);
  if (build->status != OB_OK) return NULL;
  for (size_t i = 0; i < count; i++) node->inputs[i] = inputs[i];
  ob_node_set_output(node, 0, value);
  return node;
}

ob_value_t *ob_build_result(ob_build_t *build, ob_node_t *node) {
  if (build->status == OB_OK) build->status = ob_infer_node(node);
  return build->status == OB_OK ? node->outputs[0] : NULL;
}

ob_value_t *ob_build_number(ob_build_t *build, double number) {
  ob_value_t *value = NULL;
  if (build->status == OB_OK) build->status = ob_match_make_number(build->graph, "number", OB_FLOAT32, number, &value);
  return value;
}

static ob_status_t make_list(ob_build_t *build, const int64_t *numbers, size_t count, ob_value_t **value) {
  const ob_constant_t *constant;
  int64_t size = (int64_t)count;
  void *data;
  OB_TRY(ob_constant_allocate(build->graph->module, "list", OB_INT64, 1, &size, &data, &constant));
  if (count > 0) memcpy(data, numbers, count * sizeof *numbers);
  return ob_value_from_constant(build->graph, constant, value);
}

ob_value_t *ob_build_list(ob_build_t *build, const int64_t *numbers, size_t count) {
  ob_value_t *value = NULL;
  if (build->status == OB_OK) build->status = make_list(build, numbers, count, &value);
  return value;
}

ob_value_t *ob_build_cast(ob_build_t *build, ob_value_t *value, ob_dtype_t dtype) {
  if (build->status != OB_OK || value->type.dtype == dtype) return value;
  ob_node_t *node = ob_build_node(build, "Cast", &value, 1);
  if (build->status == OB_OK) build->status = ob_node_set_int(node, "to", (int64_t)dtype);
  return ob_build_result(build, node);
}
