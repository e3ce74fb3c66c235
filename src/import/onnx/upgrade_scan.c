/* Scan 8 has a batch: it runs its body over each element of the first axis of all inputs. That is a Scan of today around another.
 */
#include "import/onnx/upgrade.h"

/* The type of one element along the first axis. */
static ob_status_t element_type(ob_upgrade_t *up, const ob_value_t *of, ob_type_t *type) {
  *type = of->type;
  if (type->kind != OB_TENSOR || type->rank < 0) return OB_OK;
  if (type->rank == 0) return ob_fail(OB_INVALID_MODEL, "'%s' has no axis for the batch", ob_quote(of->name));
  return ob_type_tensor(up->importer->module, of->type.dtype, of->type.rank - 1, of->type.dims + 1, type);
}

/* Inputs of the graph that is run for each element of the batch: those of the node, then what the body captures. */
static ob_status_t make_inputs(ob_upgrade_t *up, const ob_body_t *body, ob_graph_t *graph) {
  const ob_record_t *record = up->record;
  for (size_t i = 1; i < record->input_count + body->capture_count; i++) {
    bool captured = i >= record->input_count;
    const ob_value_t *outer = captured ? body->captures[i - record->input_count] : record->inputs[i];
    ob_value_t *value;
    if (!outer) return ob_fail(OB_INVALID_MODEL, "input %zu is missing", i);
    OB_TRY(ob_value_create(graph, outer->name, &value));
    value->type = outer->type;
    if (!captured) OB_TRY(element_type(up, outer, &value->type));
    OB_TRY(ob_graph_add_input(graph, value));
  }
  return OB_OK;
}

/* The scan over the sequence, inside of the graph. */
static ob_status_t make_inner(ob_upgrade_t *up, const ob_body_t *body, ob_graph_t *graph) {
  ob_record_t *record = up->record;
  size_t outputs = body->graph->outputs.count;
  ob_record_t inner = *record;
  ob_body_t inner_body = *body;
  ob_scope_t scope;
  inner.inputs = graph->inputs.items;
  inner.input_count = record->input_count - 1;
  inner.output_count = outputs;
  inner_body.captures = graph->inputs.items + inner.input_count;
  inner.bodies = &inner_body;
  inner.body_count = 1;
  OB_TRY(OB_ARENA_ARRAY(&up->importer->scratch, outputs, &inner.outputs));
  OB_TRY(OB_ARENA_ARRAY(&up->importer->scratch, outputs, &inner.results));
  for (size_t i = 0; i < outputs; i++) inner.outputs[i] = body->graph->outputs.items[i]->name;
  ob_scope_init(&scope, up->importer, NULL, graph);
  ob_status_t status = ob_record_emit(up->importer, &scope, &inner);
  for (size_t i = 0; status == OB_OK && i < outputs; i++) status = ob_graph_add_output(graph, inner.results[i]);
  ob_scope_free(up->importer, &scope);
  return status;
}

ob_status_t ob_upgrade_scan_batch(ob_upgrade_t *up) {
  ob_record_t *record = up->record;
  ob_graph_t *graph;
  if (record->body_count != 1 || record->input_count < 2) return ob_fail(OB_INVALID_MODEL, "Scan needs a body and inputs");
  if (record->inputs[0]) return ob_fail(OB_UNSUPPORTED, "Scan of operator set 8 with sequence_lens is not supported");
  for (size_t i = 0; i < record->attribute_count; i++)
    if (ob_upgrade_find(up, "directions") == &record->attributes[i]) record->attributes[i].name = "scan_input_directions";
  OB_TRY(ob_graph_create(up->importer->module, record->name, &graph));
  OB_TRY(make_inputs(up, &record->bodies[0], graph));
  OB_TRY(make_inner(up, &record->bodies[0], graph));
  record->bodies[0].graph = graph;
  record->inputs++;
  record->input_count--;
  ob_upgrade_drop(up, "scan_input_directions");
  return ob_upgrade_set_int(up, "num_scan_inputs", (int64_t)record->input_count);
}
