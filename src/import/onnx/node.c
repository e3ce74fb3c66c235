/* NodeProto: finds inputs, reads attributes and bodies, and has the node upgraded and made. */
#include <string.h>

#include "import/onnx/importer.h"

/* Room that upgrades have for inputs and attributes of their own. */
enum { SPARE = 8 };

/* ------------------------------------------------------------ inputs and outputs */

/* True when a node of the list makes `name`: then it is only in the wrong place. */
static bool made_later(ob_importer_t *importer, ob_wire_list_t nodes, const char *name) {
  ob_wire_span_t bytes, output;
  onnx_node_t node;
  (void)importer;
  while (ob_wire_next_span(&nodes, &bytes)) {
    if (onnx_node_read(bytes, &node) != OB_OK) return false;
    while (ob_wire_next_span(&node.outputs, &output))
      if (ob_wire_is(output, name)) return true;
  }
  return false;
}

static ob_status_t fail_undefined(ob_importer_t *importer, ob_wire_list_t nodes, const char *name) {
  const char *words =
      made_later(importer, nodes, name) ? "a later node makes it: the nodes are out of order or form a cycle" : "nothing makes it";
  return ob_fail(OB_INVALID_MODEL, "input '%s': %s", ob_quote(name), words);
}

static ob_status_t read_inputs(ob_importer_t *importer, ob_scope_t *scope, ob_wire_list_t nodes, ob_wire_list_t inputs,
                               ob_record_t *record) {
  ob_wire_span_t span;
  OB_TRY(OB_ARENA_ARRAY(&importer->scratch, inputs.count + SPARE, &record->inputs));
  while (ob_wire_next_span(&inputs, &span)) {
    const char *name;
    ob_value_t *value = NULL;
    OB_TRY(ob_import_text(importer, span, &name));
    if (name[0]) OB_TRY(ob_scope_find(importer, scope, name, &value));
    if (name[0] && !value && !ob_scope_is_absent(scope, name)) return fail_undefined(importer, nodes, name);
    record->inputs[record->input_count++] = value;
  }
  while (record->input_count > 0 && !record->inputs[record->input_count - 1]) record->input_count--;
  return OB_OK;
}

static ob_status_t read_outputs(ob_importer_t *importer, ob_wire_list_t outputs, ob_record_t *record) {
  ob_wire_span_t span;
  OB_TRY(OB_ARENA_ARRAY(&importer->scratch, outputs.count, &record->outputs));
  OB_TRY(OB_ARENA_ARRAY(&importer->scratch, outputs.count, &record->results));
  while (ob_wire_next_span(&outputs, &span)) {
    const char *name;
    OB_TRY(ob_import_text(importer, span, &name));
    record->outputs[record->output_count++] = name[0] ? name : NULL;
  }
  record->stated_outputs = record->output_count;
  while (record->output_count > 0 && !record->outputs[record->output_count - 1]) record->output_count--;
  return OB_OK;
}

/* ------------------------------------------------------------ attributes and bodies */

static ob_status_t take_attributes(ob_importer_t *importer, ob_scope_t *scope, const ob_stated_list_t *list, ob_record_t *record) {
  OB_TRY(OB_ARENA_ARRAY(&importer->scratch, list->count + SPARE, &record->attributes));
  OB_TRY(OB_ARENA_ARRAY(&importer->scratch, list->count, &record->bodies));
  for (size_t i = 0; i < list->count; i++) {
    const ob_stated_t *stated = &list->items[i];
    if (!stated->graph.present) {
      record->attributes[record->attribute_count++] = stated->attribute;
      continue;
    }
    const char *title;
    ob_body_t *body = &record->bodies[record->body_count++];
    body->attribute = stated->attribute.name;
    OB_TRY(ob_arena_printf(&importer->scratch, &title, "%s/%s", record->name, body->attribute));
    OB_TRY(ob_import_body(importer, scope, stated->graph, title, body));
  }
  return OB_OK;
}

/* ------------------------------------------------------------ nodes */

static ob_status_t set_name(ob_importer_t *importer, const ob_scope_t *scope, const onnx_node_t *proto, ob_record_t *record) {
  const char *name;
  OB_TRY(ob_import_text(importer, proto->name, &name));
  for (size_t i = 0; name[0] == 0 && i < record->output_count; i++)
    if (record->outputs[i]) name = record->outputs[i];
  if (name[0] == 0) name = record->op;
  record->name = name;
  return scope->prefix[0] ? ob_arena_printf(&importer->scratch, &record->name, "%s%s", scope->prefix, name) : OB_OK;
}

/* The branch that is always taken, when the condition of an If is known already. The other one need not make sense: exporters write
 * both for any rank. NULL: both are needed. */
static const ob_stated_t *only_branch(const ob_record_t *record, const ob_stated_list_t *attributes) {
  int64_t taken;
  const ob_value_t *condition = record->input_count == 1 ? record->inputs[0] : NULL;
  if (record->domain[0] || strcmp(record->op, "If") != 0 || !condition || condition->content_count != 1) return NULL;
  if (condition->type.dtype != OB_BOOL || !ob_expr_is_const(condition->content[0], &taken)) return NULL;
  const ob_stated_t *branch = ob_stated_find(attributes, taken ? "then_branch" : "else_branch");
  return branch && branch->graph.present ? branch : NULL;
}

static ob_status_t make_node(ob_importer_t *importer, ob_scope_t *scope, const char *overload, const ob_stated_list_t *attributes,
                             ob_record_t *record) {
  ob_function_t *function;
  OB_TRY(ob_import_find_function(importer, record->domain, record->op, overload, &function));
  if (function) return ob_import_call(importer, scope, function, record, attributes);
  const ob_stated_t *branch = only_branch(record, attributes);
  if (branch) return ob_import_branch(importer, scope, branch->graph, record);
  OB_TRY(take_attributes(importer, scope, attributes, record));
  if (record->domain[0] == 0 && strcmp(record->op, "Constant") == 0) return ob_import_constant(importer, scope->graph, record);
  OB_TRY(ob_record_upgrade(importer, scope, record));
  return record->made ? OB_OK : ob_record_emit(importer, scope, record);
}

static ob_status_t define_outputs(const ob_record_t *record, ob_scope_t *scope) {
  for (size_t i = 0; i < record->output_count; i++) {
    if (!record->outputs[i]) continue;
    if (!record->results[i])
      return ob_fail(OB_UNSUPPORTED, "output %zu ('%s') is not available in opset %d", i, ob_quote(record->outputs[i]), ONNX_OPSET);
    OB_TRY(ob_scope_define(scope, record->outputs[i], record->results[i]));
  }
  return OB_OK;
}

static ob_status_t import_parts(ob_importer_t *importer, ob_scope_t *scope, ob_wire_list_t nodes, const onnx_node_t *proto,
                                ob_record_t *record) {
  ob_stated_list_t attributes;
  const char *overload;
  OB_TRY(ob_import_text(importer, proto->overload, &overload));
  record->opset = ob_opsets_find(scope->opsets, record->domain);
  OB_TRY(read_inputs(importer, scope, nodes, proto->inputs, record));
  OB_TRY(ob_import_attributes(importer, scope, proto->attributes, record->name, &attributes));
  OB_TRY(make_node(importer, scope, overload, &attributes, record));
  return define_outputs(record, scope);
}

static ob_status_t import_node(ob_importer_t *importer, ob_scope_t *scope, ob_wire_list_t nodes, ob_wire_span_t bytes) {
  onnx_node_t proto;
  ob_record_t record = {0};
  OB_TRY(onnx_node_read(bytes, &proto));
  OB_TRY(ob_import_charge(importer, 1, ONNX_COST_NODE));
  OB_TRY(ob_import_charge(importer, proto.inputs.count + proto.outputs.count + proto.attributes.count, ONNX_COST_ENTRY));
  OB_TRY(ob_import_text(importer, proto.op_type, &record.op));
  OB_TRY(ob_import_text(importer, proto.domain, &record.domain));
  if (strcmp(record.domain, "ai.onnx") == 0) record.domain = "";
  OB_TRY(read_outputs(importer, proto.outputs, &record));
  OB_TRY(set_name(importer, scope, &proto, &record));
  if (record.op[0] == 0) return ob_fail(OB_INVALID_MODEL, "node '%s' has no op_type", ob_quote(record.name));
  ob_status_t status = import_parts(importer, scope, nodes, &proto, &record);
  if (status == OB_OK) return OB_OK;
  /* the node where it happened and the one of the main graph around it say enough */
  bool outermost = !scope->parent && importer->calls == 0;
  if (importer->located && (!outermost || strcmp(importer->located, record.name) == 0)) return status;
  importer->located = record.name;
  return ob_fail_within(status, "node '%s' (%s): ", ob_quote(record.name), ob_quote(record.op));
}

ob_status_t ob_import_nodes(ob_importer_t *importer, ob_scope_t *scope, ob_wire_list_t nodes) {
  ob_wire_list_t all = nodes;
  ob_wire_span_t bytes;
  while (ob_wire_next_span(&nodes, &bytes)) OB_TRY(import_node(importer, scope, all, bytes));
  return OB_OK;
}
