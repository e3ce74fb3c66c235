/* Model-local functions: found by name, put in place of the nodes that call them. */
#include <string.h>

#include "import/onnx/importer.h"

static ob_status_t make_key(ob_importer_t *importer, const char *domain, const char *name, const char *overload, const char **key) {
  return ob_arena_printf(&importer->scratch, key, "%s:%s:%s", domain, name, overload);
}

static ob_status_t import_function(ob_importer_t *importer, ob_wire_span_t bytes) {
  ob_function_t *function;
  const char *domain, *name, *overload, *key;
  OB_TRY(OB_ARENA_NEW(&importer->scratch, &function));
  OB_TRY(onnx_function_read(bytes, &function->proto));
  OB_TRY(ob_import_text(importer, function->proto.domain, &domain));
  OB_TRY(ob_import_text(importer, function->proto.name, &name));
  OB_TRY(ob_import_text(importer, function->proto.overload, &overload));
  if (name[0] == 0) return ob_fail(OB_INVALID_MODEL, "a function has no name");
  OB_TRY(ob_arena_printf(&importer->scratch, &function->title, "%s:%s", domain, name));
  OB_TRY(make_key(importer, domain, name, overload, &key));
  if (ob_map_get(&importer->functions, key))
    return ob_fail(OB_INVALID_MODEL, "function '%s' is defined twice", ob_quote(function->title));
  ob_status_t status = ob_import_opsets(importer, function->proto.opset_import, &function->opsets);
  if (status != OB_OK) return ob_fail_within(status, "function '%s': ", ob_quote(function->title));
  return ob_map_set(&importer->functions, key, function);
}

ob_status_t ob_import_functions(ob_importer_t *importer, ob_wire_list_t entries) {
  ob_wire_span_t bytes;
  while (ob_wire_next_span(&entries, &bytes)) OB_TRY(import_function(importer, bytes));
  return OB_OK;
}

ob_status_t ob_import_find_function(ob_importer_t *importer, const char *domain, const char *op, const char *overload,
                                    ob_function_t **function) {
  const char *key;
  *function = NULL;
  if (importer->functions.count == 0) return OB_OK;
  OB_TRY(make_key(importer, domain, op, overload, &key));
  *function = ob_map_get(&importer->functions, key);
  return OB_OK;
}

/* ------------------------------------------------------------ calls */

/* The caller's attributes, then the function's defaults for what it leaves out. */
static ob_status_t make_arguments(ob_importer_t *importer, const ob_function_t *function, const ob_stated_list_t *stated,
                                  ob_stated_list_t *arguments) {
  ob_stated_list_t defaults;
  OB_TRY(ob_import_attributes(importer, NULL, function->proto.attribute_defaults, function->title, &defaults));
  *arguments = (ob_stated_list_t){0};
  OB_TRY(OB_ARENA_ARRAY(&importer->scratch, stated->count + defaults.count, &arguments->items));
  for (size_t i = 0; i < stated->count; i++) arguments->items[arguments->count++] = stated->items[i];
  for (size_t i = 0; i < defaults.count; i++)
    if (!ob_stated_find(stated, defaults.items[i].attribute.name)) arguments->items[arguments->count++] = defaults.items[i];
  return OB_OK;
}

/* Binds formal inputs to the call's. One that is left out has no value: nodes that use it leave it out too. */
static ob_status_t bind_inputs(ob_importer_t *importer, ob_scope_t *scope, const ob_function_t *function,
                               const ob_record_t *record) {
  ob_wire_list_t inputs = function->proto.inputs;
  ob_wire_span_t span;
  size_t i = 0;
  if (record->input_count > inputs.count)
    return ob_fail(OB_INVALID_MODEL, "it gives %zu inputs to function '%s', which has %zu", record->input_count,
                   ob_quote(function->title), inputs.count);
  for (; ob_wire_next_span(&inputs, &span); i++) {
    const char *name;
    ob_value_t *value = i < record->input_count ? record->inputs[i] : NULL;
    OB_TRY(ob_import_text(importer, span, &name));
    if (value)
      OB_TRY(ob_scope_define(scope, name, value));
    else
      OB_TRY(ob_map_set(&scope->absent, name, scope));
  }
  return OB_OK;
}

/* Values that the function gives back bear the caller's names for them. */
static ob_status_t rename_outputs(ob_importer_t *importer, const ob_scope_t *caller, ob_scope_t *scope,
                                  const ob_function_t *function, const ob_record_t *record) {
  ob_wire_list_t outputs = function->proto.outputs;
  ob_wire_span_t span;
  for (size_t i = 0; i < record->output_count && ob_wire_next_span(&outputs, &span); i++) {
    const char *name, *full;
    if (!record->outputs[i]) continue;
    OB_TRY(ob_import_text(importer, span, &name));
    OB_TRY(ob_scope_full_name(importer, caller, record->outputs[i], &full));
    OB_TRY(ob_map_set(&scope->renamed, name, (void *)(uintptr_t)full));
  }
  return OB_OK;
}

static ob_status_t bind_outputs(ob_importer_t *importer, ob_scope_t *scope, const ob_function_t *function, ob_record_t *record) {
  ob_wire_list_t outputs = function->proto.outputs;
  ob_wire_span_t span;
  if (record->output_count > outputs.count)
    return ob_fail(OB_INVALID_MODEL, "it takes %zu outputs of function '%s', which has %zu", record->output_count,
                   ob_quote(function->title), outputs.count);
  for (size_t i = 0; i < record->output_count && ob_wire_next_span(&outputs, &span); i++) {
    const char *name;
    OB_TRY(ob_import_text(importer, span, &name));
    record->results[i] = ob_map_get(&scope->names, name);
    if (!record->results[i])
      return ob_fail(OB_INVALID_MODEL, "output '%s' of function '%s' is made by no node", ob_quote(name),
                     ob_quote(function->title));
  }
  record->made = true;
  return OB_OK;
}

static ob_status_t inline_call(ob_importer_t *importer, ob_scope_t *caller, ob_function_t *function, ob_record_t *record,
                               const ob_stated_list_t *attributes) {
  ob_scope_t scope;
  ob_stated_list_t arguments;
  OB_TRY(make_arguments(importer, function, attributes, &arguments));
  ob_scope_init(&scope, importer, NULL, caller->graph);
  scope.depth = caller->depth;
  scope.opsets = &function->opsets;
  scope.arguments = &arguments;
  ob_status_t status = ob_arena_printf(&importer->scratch, &scope.prefix, "%s/", record->name);
  if (status == OB_OK) status = rename_outputs(importer, caller, &scope, function, record);
  if (status == OB_OK) status = bind_inputs(importer, &scope, function, record);
  if (status == OB_OK) status = ob_import_nodes(importer, &scope, function->proto.nodes);
  if (status == OB_OK) status = bind_outputs(importer, &scope, function, record);
  ob_scope_free(importer, &scope);
  return status;
}

ob_status_t ob_import_call(ob_importer_t *importer, ob_scope_t *scope, ob_function_t *function, ob_record_t *record,
                           const ob_stated_list_t *attributes) {
  if (function->active) return ob_fail(OB_INVALID_MODEL, "function '%s' calls itself", ob_quote(function->title));
  if (importer->calls >= ONNX_MAX_CALLS)
    return ob_fail(OB_UNSUPPORTED, "function calls are nested deeper than %d levels", ONNX_MAX_CALLS);
  importer->calls++;
  function->active = true;
  ob_status_t status = inline_call(importer, scope, function, record, attributes);
  function->active = false;
  importer->calls--;
  return status;
}
