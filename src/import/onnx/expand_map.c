/* SequenceMap becomes a Loop over the elements: its body takes them out of the sequences, runs the subgraph, and appends the results. */
#include "import/onnx/expand.h"

/* The graph of the loop's body. Inputs: iteration, condition, one sequence for each result, then as captures what the node uses. */
typedef struct loop {
  ob_upgrade_t *up;
  const ob_body_t *body; /* of SequenceMap */
  ob_graph_t *graph;
  size_t states;
} loop_t;

static ob_status_t add_input(loop_t *loop, const char *name, const ob_type_t *type) {
  ob_value_t *value;
  OB_TRY(ob_value_create(loop->graph, name, &value));
  value->type = *type;
  return ob_graph_add_input(loop->graph, value);
}

static ob_value_t *input(const loop_t *loop, size_t index) { return loop->graph->inputs.items[index]; }

static ob_status_t make_inputs(loop_t *loop) {
  const ob_record_t *record = loop->up->record;
  ob_type_t scalar;
  OB_TRY(ob_type_tensor(loop->up->importer->module, OB_INT64, 0, NULL, &scalar));
  OB_TRY(add_input(loop, "iteration", &scalar));
  scalar.dtype = OB_BOOL;
  OB_TRY(add_input(loop, "condition", &scalar));
  for (size_t i = 0; i < loop->states; i++) {
    ob_type_t *element;
    OB_TRY(OB_ARENA_NEW(&loop->up->importer->module->arena, &element));
    *element = (ob_type_t){.kind = OB_TENSOR, .dtype = loop->body->graph->outputs.items[i]->type.dtype, .rank = -1};
    OB_TRY(add_input(loop, "done", &(ob_type_t){.kind = OB_SEQUENCE, .rank = -1, .element = element}));
  }
  for (size_t i = 0; i < record->input_count; i++) OB_TRY(add_input(loop, record->inputs[i]->name, &record->inputs[i]->type));
  for (size_t i = 0; i < loop->body->capture_count; i++)
    OB_TRY(add_input(loop, loop->body->captures[i]->name, &loop->body->captures[i]->type));
  return OB_OK;
}

/* The subgraph for one element of each sequence. */
static void make_results(loop_t *loop, ob_contrib_t *c, ob_value_t **arguments, ob_value_t **results) {
  size_t given = loop->up->record->input_count, first = 2 + loop->states;
  for (size_t i = 0; i < given; i++) {
    arguments[i] = input(loop, first + i);
    if (arguments[i]->type.kind == OB_SEQUENCE) arguments[i] = OB_MAKE(c, "SequenceAt", arguments[i], input(loop, 0));
  }
  if (c->status == OB_OK)
    c->status = ob_expand_inline(loop->graph, loop->body, arguments, given, loop->graph->inputs.items + first + given, results, loop->states);
}

static ob_status_t fill_graph(loop_t *loop, ob_scope_t *scope) {
  ob_record_t record = *loop->up->record;
  ob_contrib_t c = {.up = {loop->up->importer, scope, &record}};
  ob_value_t **arguments, **results;
  OB_TRY(OB_ARENA_ARRAY(&loop->up->importer->scratch, record.input_count, &arguments));
  OB_TRY(OB_ARENA_ARRAY(&loop->up->importer->scratch, loop->states, &results));
  record.output_count = 0;
  make_results(loop, &c, arguments, results);
  ob_value_t *condition = OB_MAKE(&c, "Identity", input(loop, 1));
  OB_TRY(c.status);
  OB_TRY(ob_graph_add_output(loop->graph, condition));
  for (size_t i = 0; i < loop->states; i++) {
    ob_value_t *more = OB_MAKE(&c, "SequenceInsert", input(loop, 2 + i), results[i]);
    OB_TRY(c.status);
    OB_TRY(ob_graph_add_output(loop->graph, more));
  }
  return OB_OK;
}

static ob_status_t make_body(loop_t *loop) {
  ob_scope_t scope;
  OB_TRY(ob_graph_create(loop->up->importer->module, loop->up->record->name, &loop->graph));
  OB_TRY(make_inputs(loop));
  ob_scope_init(&scope, loop->up->importer, NULL, loop->graph);
  ob_status_t status = fill_graph(loop, &scope);
  ob_scope_free(loop->up->importer, &scope);
  return status;
}

/* What the loop's body captures: inputs of the node, then what the subgraph captures. */
static ob_status_t set_captures(const loop_t *loop, ob_body_t *body) {
  const ob_record_t *record = loop->up->record;
  body->attribute = "body";
  body->graph = loop->graph;
  body->capture_count = record->input_count + loop->body->capture_count;
  OB_TRY(OB_ARENA_ARRAY(&loop->up->importer->scratch, body->capture_count, &body->captures));
  for (size_t i = 0; i < body->capture_count; i++)
    body->captures[i] = i < record->input_count ? record->inputs[i] : loop->body->captures[i - record->input_count];
  return OB_OK;
}

/* The loop has an output for each state, wanted or not. */
static ob_status_t widen_outputs(const loop_t *loop) {
  ob_record_t *record = loop->up->record;
  const char **outputs;
  OB_TRY(OB_ARENA_ARRAY(&loop->up->importer->scratch, loop->states, &outputs));
  for (size_t i = 0; i < record->output_count; i++) outputs[i] = record->outputs[i];
  OB_TRY(OB_ARENA_ARRAY(&loop->up->importer->scratch, loop->states, &record->results));
  record->outputs = outputs;
  record->output_count = loop->states;
  return OB_OK;
}

/* The record becomes the loop. */
static ob_status_t become_loop(const loop_t *loop) {
  ob_record_t *record = loop->up->record;
  ob_contrib_t c = {.up = *loop->up};
  ob_value_t **inputs, *empty;
  ob_body_t *body;
  OB_TRY(OB_ARENA_NEW(&loop->up->importer->scratch, &body));
  OB_TRY(set_captures(loop, body));
  OB_TRY(OB_ARENA_ARRAY(&loop->up->importer->scratch, 2 + loop->states, &inputs));
  inputs[0] = OB_MAKE(&c, "SequenceLength", record->inputs[0]);
  for (size_t i = 0; i < loop->states && c.status == OB_OK; i++) {
    ob_contrib_with_int(&c, "dtype", loop->body->graph->outputs.items[i]->type.dtype);
    empty = ob_contrib_make(&c, "SequenceEmpty", NULL, 0);
    inputs[2 + i] = empty;
  }
  record->op = "Loop";
  record->version = 25;
  record->inputs = inputs;
  record->input_count = 2 + loop->states;
  record->bodies = body;
  record->body_count = 1;
  return c.status;
}

ob_status_t ob_upgrade_sequence_map(ob_upgrade_t *up) {
  ob_record_t *record = up->record;
  loop_t loop = {.up = up, .body = ob_expand_body(record, "body")};
  if (!loop.body) return ob_fail(OB_INVALID_MODEL, "subgraph 'body' is missing");
  loop.states = loop.body->graph->outputs.count;
  for (size_t i = 0; i < record->input_count; i++)
    if (!record->inputs[i]) return ob_fail(OB_INVALID_MODEL, "input %zu is missing", i);
  if (record->input_count == 0 || record->inputs[0]->type.kind != OB_SEQUENCE)
    return ob_fail(OB_INVALID_MODEL, "input 0 ('input_sequence') is no sequence");
  if (record->output_count > loop.states)
    return ob_fail(OB_INVALID_MODEL, "%zu outputs, but subgraph 'body' has %zu", record->output_count, loop.states);
  OB_TRY(make_body(&loop));
  OB_TRY(widen_outputs(&loop));
  return become_loop(&loop);
}
