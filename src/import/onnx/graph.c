/* GraphProto: constants, inputs, nodes, outputs; the main graph and closed bodies. */
#include <string.h>

#include "import/onnx/importer.h"

/* ------------------------------------------------------------ constants */

static ob_status_t define_constant(ob_scope_t *scope, const char *name, const ob_constant_t *constant) {
  ob_value_t *value;
  OB_TRY(ob_value_from_constant(scope->graph, constant, &value));
  return ob_scope_define(scope, name, value);
}

static ob_status_t import_initializers(ob_importer_t *importer, ob_scope_t *scope, ob_wire_list_t tensors) {
  ob_wire_span_t bytes;
  while (ob_wire_next_span(&tensors, &bytes)) {
    const char *name;
    const ob_constant_t *constant;
    OB_TRY(ob_import_tensor_name(importer, bytes, &name));
    if (name[0] == 0) return ob_fail(OB_INVALID_MODEL, "graph '%s': an initializer has no name", ob_quote(scope->graph->name));
    OB_TRY(ob_import_tensor(importer, bytes, name, &constant));
    OB_TRY(define_constant(scope, name, constant));
  }
  return OB_OK;
}

/* A sparse initializer's name is that of its values. */
static ob_status_t import_sparse_initializers(ob_importer_t *importer, ob_scope_t *scope, ob_wire_list_t tensors) {
  ob_wire_span_t bytes;
  while (ob_wire_next_span(&tensors, &bytes)) {
    onnx_sparse_t sparse;
    const char *name;
    const ob_constant_t *constant;
    OB_TRY(onnx_sparse_read(bytes, &sparse));
    OB_TRY(ob_import_tensor_name(importer, sparse.values, &name));
    if (name[0] == 0)
      return ob_fail(OB_INVALID_MODEL, "graph '%s': a sparse initializer has no name", ob_quote(scope->graph->name));
    OB_TRY(ob_import_sparse(importer, bytes, name, &constant));
    OB_TRY(define_constant(scope, name, constant));
  }
  return OB_OK;
}

/* ------------------------------------------------------------ inputs and declared types */

/* An input of the main graph that is also an initializer is a constant: IR 3 wanted it listed, IR 4 lets callers override it, which
 * Outboard does not offer. A body's inputs are found by position, so there it is a mistake. */
static ob_status_t import_input(ob_importer_t *importer, ob_scope_t *scope, ob_wire_span_t bytes) {
  onnx_value_info_t info;
  ob_value_t *value;
  const char *name;
  OB_TRY(onnx_value_info_read(bytes, &info));
  OB_TRY(ob_import_text(importer, info.name, &name));
  if (name[0] == 0) return ob_fail(OB_INVALID_MODEL, "graph '%s': an input has no name", ob_quote(scope->graph->name));
  value = ob_map_get(&scope->names, name);
  if (!scope->parent && value && value->constant) return OB_OK;
  if (!scope->parent && !info.type.present) return ob_fail(OB_INVALID_MODEL, "input '%s' has no type", ob_quote(name));
  OB_TRY(ob_value_create(scope->graph, name, &value));
  if (info.type.present)
    OB_TRY(ob_import_type(importer, info.type, name, scope->parent ? ONNX_DIMS_FRESH : (int64_t)scope->graph->inputs.count,
                          &value->type));
  if (!scope->parent && value->type.kind == OB_TENSOR && value->type.dtype == OB_UNDEFINED)
    return ob_fail(OB_INVALID_MODEL, "input '%s' has no element type", ob_quote(name));
  OB_TRY(ob_scope_define(scope, name, value));
  return ob_graph_add_input(scope->graph, value);
}

/* Remembers what the model says about the types of values yet to be made. */
static ob_status_t declare(ob_importer_t *importer, ob_scope_t *scope, ob_wire_list_t infos) {
  ob_wire_span_t bytes, *spans;
  OB_TRY(OB_ARENA_ARRAY(&importer->scratch, infos.count, &spans));
  for (; ob_wire_next_span(&infos, &bytes); spans++) {
    onnx_value_info_t info;
    const char *name;
    OB_TRY(onnx_value_info_read(bytes, &info));
    if (info.name.size == 0 || !info.type.present) continue;
    OB_TRY(ob_import_text(importer, info.name, &name));
    *spans = info.type;
    OB_TRY(ob_map_set(&scope->declared, name, spans));
  }
  return OB_OK;
}

/* ------------------------------------------------------------ outputs */

/* Users know a model's outputs by name, so a value that bears another one (an input handed through, a function's value) is copied.
 */
static ob_status_t name_output(ob_importer_t *importer, ob_scope_t *scope, const char *name, ob_value_t **value) {
  bool plain = (*value)->producer && strcmp((*value)->name, name) == 0;
  if (scope->parent || plain) return OB_OK;
  ob_record_t record = {.domain = "", .op = "Identity", .name = name, .opset = ONNX_OPSET, .input_count = 1, .output_count = 1};
  ob_value_t *result = NULL;
  record.inputs = value;
  record.outputs = &name;
  record.results = &result;
  OB_TRY(ob_record_emit(importer, scope, &record));
  *value = result;
  return OB_OK;
}

static ob_status_t import_outputs(ob_importer_t *importer, ob_scope_t *scope, ob_wire_list_t outputs) {
  ob_wire_span_t bytes;
  while (ob_wire_next_span(&outputs, &bytes)) {
    onnx_value_info_t info;
    ob_value_t *value;
    const char *name;
    OB_TRY(onnx_value_info_read(bytes, &info));
    OB_TRY(ob_import_text(importer, info.name, &name));
    OB_TRY(ob_scope_find(importer, scope, name, &value));
    if (!value)
      return ob_fail(OB_INVALID_MODEL, "output '%s' of graph '%s' is made by no node", ob_quote(name),
                     ob_quote(scope->graph->name));
    OB_TRY(name_output(importer, scope, name, &value));
    OB_TRY(ob_array_push(importer->allocator, &scope->results, value));
  }
  return OB_OK;
}

/* ------------------------------------------------------------ whole graphs */

static ob_status_t import_contents(ob_importer_t *importer, ob_scope_t *scope, const onnx_graph_t *proto) {
  ob_wire_list_t inputs = proto->inputs;
  ob_wire_span_t bytes;
  OB_TRY(import_initializers(importer, scope, proto->initializers));
  OB_TRY(import_sparse_initializers(importer, scope, proto->sparse_initializers));
  while (ob_wire_next_span(&inputs, &bytes)) OB_TRY(import_input(importer, scope, bytes));
  OB_TRY(declare(importer, scope, proto->value_info));
  OB_TRY(declare(importer, scope, proto->outputs));
  OB_TRY(ob_import_nodes(importer, scope, proto->nodes));
  return import_outputs(importer, scope, proto->outputs);
}

static ob_status_t import_graph(ob_importer_t *importer, ob_scope_t *parent, ob_wire_span_t bytes, const char *fallback,
                                ob_graph_t **graph, ob_body_t *body) {
  onnx_graph_t proto;
  const char *name;
  ob_scope_t scope;
  OB_TRY(onnx_graph_read(bytes, &proto));
  OB_TRY(ob_import_text(importer, proto.name, &name));
  OB_TRY(ob_graph_create(importer->module, name[0] ? name : fallback, graph));
  ob_scope_init(&scope, importer, parent, *graph);
  if (!parent) {
    scope.opsets = &importer->opsets;
    importer->module->main = *graph;
  }
  ob_status_t status = import_contents(importer, &scope, &proto);
  for (size_t i = 0; status == OB_OK && i < scope.results.count; i++) status = ob_graph_add_output(*graph, scope.results.items[i]);
  if (status == OB_OK && body) {
    body->capture_count = scope.captured.count;
    status = ob_arena_copy(&importer->scratch, scope.captured.items, scope.captured.count * sizeof(ob_value_t *),
                           (void **)&body->captures);
  }
  ob_scope_free(importer, &scope);
  return status;
}

ob_status_t ob_import_main(ob_importer_t *importer, ob_wire_span_t bytes) {
  ob_graph_t *graph;
  return import_graph(importer, NULL, bytes, "main", &graph, NULL);
}

static ob_status_t check_depth(const ob_importer_t *importer, const ob_scope_t *scope) {
  if (scope->depth < importer->max_depth) return OB_OK;
  return ob_fail(OB_UNSUPPORTED, "graphs are nested deeper than %u levels", importer->max_depth);
}

ob_status_t ob_import_body(ob_importer_t *importer, ob_scope_t *scope, ob_wire_span_t bytes, const char *name, ob_body_t *body) {
  OB_TRY(check_depth(importer, scope));
  return import_graph(importer, scope, bytes, name, &body->graph, body);
}

/* ------------------------------------------------------------ a branch that is always taken */

static ob_status_t import_branch(ob_importer_t *importer, ob_scope_t *outer, ob_scope_t *scope, const onnx_graph_t *proto,
                                 ob_record_t *record) {
  ob_wire_list_t outputs = proto->outputs;
  ob_wire_span_t bytes;
  if (proto->inputs.count > 0) return ob_fail(OB_INVALID_MODEL, "a branch has inputs");
  if (proto->outputs.count < record->output_count)
    return ob_fail(OB_INVALID_MODEL, "a branch has %zu outputs, the node %zu", proto->outputs.count, record->output_count);
  for (size_t i = 0; i < record->output_count && ob_wire_next_span(&outputs, &bytes); i++) {
    onnx_value_info_t info;
    const char *name, *full;
    if (!record->outputs[i]) continue;
    OB_TRY(onnx_value_info_read(bytes, &info));
    OB_TRY(ob_import_text(importer, info.name, &name));
    OB_TRY(ob_scope_full_name(importer, outer, record->outputs[i], &full));
    OB_TRY(ob_map_set(&scope->renamed, name, (void *)(uintptr_t)full));
  }
  OB_TRY(import_contents(importer, scope, proto));
  for (size_t i = 0; i < record->output_count; i++) record->results[i] = scope->results.items[i];
  record->made = true;
  return OB_OK;
}

ob_status_t ob_import_branch(ob_importer_t *importer, ob_scope_t *scope, ob_wire_span_t bytes, ob_record_t *record) {
  onnx_graph_t proto;
  ob_scope_t inner;
  OB_TRY(onnx_graph_read(bytes, &proto));
  OB_TRY(check_depth(importer, scope));
  ob_scope_init(&inner, importer, scope, scope->graph);
  ob_status_t status = import_branch(importer, scope, &inner, &proto, record);
  ob_scope_free(importer, &inner);
  return status;
}
