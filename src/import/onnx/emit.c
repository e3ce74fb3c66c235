/* Records become nodes: operator looked up, values made, types inferred. */
#include <string.h>

#include "import/onnx/importer.h"

static ob_status_t find_op(const ob_record_t *record, const ob_op_t **op) {
  const char *domain = record->domain[0] ? record->domain : "ai.onnx";
  *op = ob_op_find(record->domain, record->op);
  if (*op && record->opset > 0) return OB_OK;
  if (record->opset == 0)
    return ob_fail(*op ? OB_INVALID_MODEL : OB_UNSUPPORTED,
                   "operator %s of domain '%s': the model imports no version of that operator set%s", ob_quote(record->op),
                   ob_quote(domain), *op ? "" : ", and Outboard does not know it");
  return ob_fail(OB_UNSUPPORTED, "operator %s of domain '%s' (operator set %lld) is not known%s", ob_quote(record->op),
                 ob_quote(domain), (long long)record->opset,
                 record->domain[0] ? ": export it as a function of the model, or with operators of ai.onnx" : "");
}

static ob_status_t make_outputs(ob_importer_t *importer, const ob_scope_t *scope, ob_record_t *record, ob_node_t *node) {
  for (size_t i = 0; i < record->output_count; i++) {
    const char *full;
    if (!record->outputs[i]) continue;
    OB_TRY(ob_scope_full_name(importer, scope, record->outputs[i], &full));
    OB_TRY(ob_value_create(scope->graph, full, &record->results[i]));
    ob_node_set_output(node, i, record->results[i]);
  }
  return OB_OK;
}

/* Bodies in the order of the operator's attributes. */
static ob_status_t set_bodies(const ob_record_t *record, const ob_op_t *op, ob_node_t *node) {
  if (record->body_count == 0) return OB_OK;
  OB_TRY(OB_ARENA_ARRAY(&node->graph->module->arena, record->body_count, &node->bodies));
  for (const char *const *name = op->body_attributes; name && *name; name++)
    for (size_t i = 0; i < record->body_count; i++) {
      ob_body_t *body = &node->bodies[node->body_count];
      if (strcmp(record->bodies[i].attribute, *name) != 0) continue;
      *body = record->bodies[i];
      body->attribute = *name;
      OB_TRY(ob_arena_copy(&node->graph->module->arena, body->captures, body->capture_count * sizeof *body->captures,
                           (void **)&body->captures));
      node->body_count++;
    }
  return node->body_count == record->body_count
             ? OB_OK
             : ob_fail(OB_INVALID_MODEL, "an attribute holds a graph, which the operator does not have");
}

static bool is_unknown(const ob_type_t *type) { return type->kind == OB_TENSOR && (type->dtype == OB_UNDEFINED || type->rank < 0); }

/* What the model says about types is asked only where inference comes to nothing: it is often out of date. */
static ob_status_t infer(ob_importer_t *importer, const ob_scope_t *scope, const ob_record_t *record, ob_node_t *node) {
  bool again = false;
  importer->located = record->name; /* ob_infer_node() says it */
  OB_TRY(ob_infer_node(node));
  for (size_t i = 0; i < record->output_count; i++) {
    ob_value_t *value = record->results[i];
    const ob_wire_span_t *type = value ? ob_map_get(&scope->declared, record->outputs[i]) : NULL;
    if (!type || !is_unknown(&value->type)) continue;
    OB_TRY(ob_import_type(importer, *type, record->outputs[i], ONNX_DIMS_FRESH, &value->type));
    again = true;
  }
  if (again) OB_TRY(ob_infer_node(node));
  importer->located = NULL;
  return OB_OK;
}

ob_status_t ob_record_emit(ob_importer_t *importer, ob_scope_t *scope, ob_record_t *record) {
  const ob_op_t *op;
  ob_node_t *node;
  OB_TRY(find_op(record, &op));
  while (record->input_count > 0 && !record->inputs[record->input_count - 1]) record->input_count--;
  OB_TRY(ob_node_create(scope->graph, op, record->name, record->input_count, record->output_count, &node));
  for (size_t i = 0; i < record->input_count; i++) node->inputs[i] = record->inputs[i];
  for (size_t i = 0; i < record->attribute_count; i++) OB_TRY(ob_node_set_attribute(node, &record->attributes[i]));
  OB_TRY(set_bodies(record, op, node));
  OB_TRY(make_outputs(importer, scope, record, node));
  record->made = true;
  return infer(importer, scope, record, node);
}
