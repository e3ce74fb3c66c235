/* Makes programs: steps from nodes, segments from what is known when. See program.h. */
#include "runtime/program.h"

#include <string.h>

#include "base/dtype.h"
#include "runtime/bind.h"

/* While a program is made. */
typedef struct builder {
  ob_program_t *program;
  const ob_graph_t *graph;
  bool *known;      /* [symbol] */
  bool *used;       /* [symbol]: by the current segment */
  bool *ever_used;  /* [symbol]: by any segment or body */
  size_t symbol_count;
  uint32_t next_value; /* of the extra values at the end */
  uint32_t at;         /* pointers given out */
} builder_t;

static ob_arena_t *arena_of(const builder_t *b) { return &b->program->arena; }

static void mark(const ob_expr_t *const *exprs, size_t count, bool *used) {
  for (size_t i = 0; exprs && i < count; i++) ob_expr_symbols_used(exprs[i], used);
}

static bool dims_known(const builder_t *b, const ob_type_t *type) {
  if (type->kind != OB_TENSOR) return true;
  if (type->rank < 0) return false;
  for (int32_t i = 0; i < type->rank; i++)
    if (!ob_expr_all_known(type->dims[i], b->known)) return false;
  return true;
}

static bool exprs_known(const builder_t *b, const ob_expr_t *const *exprs, size_t count) {
  for (size_t i = 0; exprs && i < count; i++)
    if (!ob_expr_all_known(exprs[i], b->known)) return false;
  return true;
}

/* True when the host can give the value room before it is made. */
static bool is_sized(const builder_t *b, const ob_value_t *value) {
  return ob_type_is_plain(value->type.kind, value->type.dtype) && ob_dtype_is_valid(value->type.dtype) &&
         dims_known(b, &value->type);
}

/* True when symbols alone say everything that the region's engine wants to know. */
static bool region_is_static(const builder_t *b, const ob_unit_t *unit) {
  const ob_graph_t *body = unit->region->body;
  if (unit->distrusted) return false;
  for (size_t v = 0; v < body->values.count; v++) {
    const ob_value_t *value = body->values.items[v];
    if (!dims_known(b, &value->type)) return false;
    if (!exprs_known(b, value->content, value->content_count)) return false;
  }
  for (size_t n = 0; n < body->nodes.count; n++)
    for (size_t a = 0; a < body->nodes.items[n]->attribute_count; a++)
      if (!exprs_known(b, body->nodes.items[n]->attributes[a].ints, body->nodes.items[n]->attributes[a].count)) return false;
  return true;
}

/* ---------------------------------------------------------------- steps */

static ob_status_t step_values(builder_t *b, ob_value_t *const *values, size_t count, uint32_t **list) {
  OB_TRY(OB_ARENA_ARRAY(arena_of(b), count, list));
  for (size_t i = 0; i < count; i++) (*list)[i] = values[i] ? values[i]->id : OB_NO_VALUE;
  return OB_OK;
}

/* Outputs of a region that nobody uses still need room: they become values of the program's own. */
static void name_missing_outputs(builder_t *b, const ob_step_t *step, uint32_t *outputs) {
  for (uint32_t i = 0; step->unit && i < step->output_count; i++) {
    if (outputs[i] != OB_NO_VALUE) continue;
    outputs[i] = b->next_value++;
    b->program->values[outputs[i]] = step->unit->region->body->outputs.items[i];
  }
}

static bool has_full_values(const builder_t *b, const uint32_t *values, uint32_t count) {
  for (uint32_t i = 0; i < count; i++) {
    if (values[i] == OB_NO_VALUE) continue;
    const ob_type_t *type = &b->program->values[values[i]]->type;
    if (!ob_type_is_plain(type->kind, type->dtype)) return true;
  }
  return false;
}

static ob_status_t control_kind(const ob_node_t *node, ob_step_kind_t *kind) {
  static const struct {
    const char *name;
    ob_step_kind_t kind;
  } kinds[] = {{"If", OB_STEP_IF}, {"Loop", OB_STEP_LOOP}, {"Scan", OB_STEP_SCAN}};
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
    if (strcmp(node->op->name, kinds[i].name) == 0) {
      *kind = kinds[i].kind;
      return OB_OK;
    }
  return ob_fail(OB_UNSUPPORTED, "node '%s': the host does not run %s", ob_quote(node->name), node->op->name);
}

static ob_status_t add_bodies(builder_t *b, const ob_node_t *node, ob_step_t *step) {
  OB_TRY(OB_ARENA_ARRAY(arena_of(b), node->body_count, &step->bodies));
  for (size_t i = 0; i < node->body_count; i++) {
    const ob_body_t *body = &node->bodies[i];
    uint32_t *captures;
    OB_TRY(step_values(b, body->captures, body->capture_count, &captures));
    step->bodies[i].captures = captures;
    step->bodies[i].capture_count = (uint32_t)body->capture_count;
    OB_TRY(ob_program_create(b->program->model, body->graph, b->known, &step->bodies[i].program));
    step->body_count++;
  }
  return OB_OK;
}

static ob_status_t fill_step(builder_t *b, const ob_node_t *node, ob_step_t *step) {
  uint32_t *inputs, *outputs;
  bool as_stated;
  step->name = node->name;
  step->input_count = (uint32_t)node->input_count;
  step->output_count = (uint32_t)node->output_count;
  OB_TRY(step_values(b, node->inputs, node->input_count, &inputs));
  OB_TRY(step_values(b, node->outputs, node->output_count, &outputs));
  if (node->region) {
    step->unit = b->program->model->units[node->region->index];
    step->name = node->region->symbol;
    OB_TRY(ob_call_check(node, &as_stated));
    step->kind = as_stated && region_is_static(b, step->unit) ? OB_STEP_REGION : OB_STEP_DYNAMIC;
    name_missing_outputs(b, step, outputs);
  } else {
    step->node = node;
    OB_TRY(control_kind(node, &step->kind));
    OB_TRY(ob_control_check(node, step->kind));
    OB_TRY(add_bodies(b, node, step));
  }
  step->inputs = inputs;
  step->outputs = outputs;
  return OB_OK;
}

/* ---------------------------------------------------------------- segments */

/* What must hold of the shapes before a region's engine may be bound to them: its guards go to the segment. */
static ob_status_t take_guards(builder_t *b, ob_segment_t *segment, const ob_unit_t *unit) {
  for (size_t i = 0; i < unit->guards.count; i++) {
    const ob_guard_t *guard = &unit->guards.items[i];
    bool taken = false;
    for (size_t g = 0; g < segment->guards.count && !taken; g++) taken = segment->guards.items[g]->expr == guard->expr;
    if (taken) continue;
    OB_TRY(ob_array_push(b->program->model->allocator, &segment->guards, guard));
    ob_expr_symbols_used(guard->expr, b->used);
  }
  return OB_OK;
}

static ob_status_t add_local(builder_t *b, ob_segment_t *segment, bool *is_local, uint32_t v) {
  const ob_value_t *value = b->program->values[v];
  if (is_local[v]) return OB_OK;
  is_local[v] = true;
  segment->locals[segment->local_count++] = v;
  if (value->type.rank > 0) mark(value->type.dims, (size_t)value->type.rank, b->used);
  if (ob_value_is_symbolic(b->graph, value)) mark(value->content, value->content_count, b->used);
  return OB_OK;
}

static ob_status_t add_content_locals(builder_t *b, ob_segment_t *segment, bool *is_local, const uint32_t *values,
                                      uint32_t count) {
  for (uint32_t i = 0; i < count; i++) {
    if (values[i] == OB_NO_VALUE) continue;
    const ob_value_t *value = b->program->values[values[i]];
    if (values[i] < b->graph->values.count && ob_value_is_symbolic(b->graph, value))
      OB_TRY(add_local(b, segment, is_local, values[i]));
  }
  return OB_OK;
}

/* Everything that one step adds to the segment. *ends: it leaves outputs whose shapes nobody knew. */
static ob_status_t add_to_segment(builder_t *b, ob_segment_t *segment, ob_step_t *step, bool *is_local, bool *ends) {
  ob_program_t *program = b->program;
  OB_TRY(add_content_locals(b, segment, is_local, step->inputs, step->input_count));
  for (uint32_t i = 0; i < step->body_count; i++)
    OB_TRY(add_content_locals(b, segment, is_local, step->bodies[i].captures, step->bodies[i].capture_count));
  if (step->kind == OB_STEP_REGION) {
    for (size_t i = 0; i < step->unit->symbol_count; i++) b->used[step->unit->symbols[i]] = true;
    OB_TRY(take_guards(b, segment, step->unit));
  }
  if (step->kind == OB_STEP_DYNAMIC)
    for (size_t i = 0; i < step->unit->outer_count; i++) b->ever_used[step->unit->symbols[i]] = true;
  step->full = has_full_values(b, step->inputs, step->input_count) || has_full_values(b, step->outputs, step->output_count);
  for (uint32_t i = 0; i < step->output_count; i++) {
    uint32_t v = step->outputs[i];
    if (v == OB_NO_VALUE) continue;
    program->deferred[v] = !is_sized(b, program->values[v]) || (step->kind != OB_STEP_REGION && program->values[v]->content);
    if (!program->deferred[v]) OB_TRY(add_local(b, segment, is_local, v));
    else *ends = step->defers = true;
  }
  return OB_OK;
}

static ob_status_t learn_after(builder_t *b, ob_segment_t *segment, const ob_step_t *step) {
  for (int pass = 0; pass < 2; pass++)
    for (uint32_t i = 0; i < step->output_count; i++) {
      uint32_t v = step->outputs[i];
      if (v == OB_NO_VALUE || !b->program->deferred[v]) continue;
      const ob_value_t *value = b->program->values[v];
      OB_TRY(pass == 0 ? ob_rules_bind(b->program, &segment->after, i, value, b->known)
                       : ob_rules_check(b->program, &segment->after, i, value, b->known));
    }
  return OB_OK;
}

static ob_status_t close_segment(builder_t *b, ob_segment_t *segment) {
  size_t count = 0;
  for (size_t i = 0; i < b->symbol_count; i++) count += b->used[i];
  OB_TRY(OB_ARENA_ARRAY(arena_of(b), count, &segment->symbols));
  for (size_t i = 0; i < b->symbol_count; i++) {
    if (!b->used[i]) continue;
    segment->symbols[segment->symbol_count++] = (uint32_t)i;
    b->ever_used[i] = true;
    b->used[i] = false;
  }
  return OB_OK;
}

static ob_status_t open_segment(builder_t *b, uint32_t begin, bool *is_local, ob_segment_t **out) {
  ob_program_t *program = b->program;
  ob_segment_t *segment = &program->segments[program->segment_count++];
  pthread_mutex_init(&segment->lock, NULL);
  segment->begin = begin;
  memset(is_local, 0, program->value_count * sizeof *is_local);
  OB_TRY(OB_ARENA_ARRAY(arena_of(b), program->value_count, &segment->locals));
  *out = segment;
  return OB_OK;
}

static ob_status_t build_segments(builder_t *b, ob_node_t *const *nodes) {
  ob_program_t *program = b->program;
  ob_segment_t *segment = NULL;
  bool *is_local;
  OB_TRY(OB_ARENA_ARRAY(arena_of(b), program->value_count, &is_local));
  OB_TRY(OB_ARENA_ARRAY(arena_of(b), program->step_count + 1, &program->segments));
  OB_TRY(open_segment(b, 0, is_local, &segment));
  for (uint32_t s = 0; s < program->step_count; s++) {
    ob_step_t *step = &program->steps[s];
    bool ends = false;
    if (nodes) OB_TRY(fill_step(b, nodes[s], step));
    OB_TRY(add_to_segment(b, segment, step, is_local, &ends));
    segment->end = s + 1;
    if (!ends) continue;
    OB_TRY(close_segment(b, segment));
    OB_TRY(learn_after(b, segment, step));
    OB_TRY(open_segment(b, s + 1, is_local, &segment));
  }
  segment->end = program->step_count;
  /* output values that are nothing but symbolic content are placed in the last segment */
  OB_TRY(add_content_locals(b, segment, is_local, program->outputs, program->output_count));
  return close_segment(b, segment);
}

/* ---------------------------------------------------------------- uses */

/* Calls `visit` for each value that step `s` reads, with its place among the pointers (or UINT32_MAX for captures). */
typedef void (*visit_t)(ob_program_t *program, uint32_t s, uint32_t value, uint32_t place);

static void visit_reads(ob_program_t *program, visit_t visit) {
  for (uint32_t s = 0; s < program->step_count; s++) {
    const ob_step_t *step = &program->steps[s];
    for (uint32_t i = 0; i < step->input_count; i++)
      if (step->inputs[i] != OB_NO_VALUE) visit(program, s, step->inputs[i], step->input_at + i);
    for (uint32_t i = 0; i < step->body_count; i++)
      for (uint32_t c = 0; c < step->bodies[i].capture_count; c++)
        visit(program, s, step->bodies[i].captures[c], UINT32_MAX);
  }
}

static void note_last_use(ob_program_t *program, uint32_t s, uint32_t value, uint32_t place) {
  (void)place;
  program->last_use[value] = s;
}

/* Where a frame's pointers hold each value: one list, value after value. */
static ob_status_t list_uses(builder_t *b) {
  ob_program_t *program = b->program;
  OB_TRY(OB_ARENA_ARRAY(arena_of(b), program->value_count + 2, &program->use_starts));
  OB_TRY(OB_ARENA_ARRAY(arena_of(b), program->pointer_count, &program->uses));
  uint32_t *starts = program->use_starts;
  for (int pass = 0; pass < 2; pass++) {
    for (uint32_t s = 0; s < program->step_count; s++) {
      const ob_step_t *step = &program->steps[s];
      for (uint32_t i = 0; i < step->input_count + step->output_count; i++) {
        uint32_t v = i < step->input_count ? step->inputs[i] : step->outputs[i - step->input_count];
        uint32_t place = i < step->input_count ? step->input_at + i : step->output_at + i - step->input_count;
        if (v == OB_NO_VALUE) continue;
        if (pass == 0) starts[v + 2]++;
        else program->uses[starts[v + 1]++] = place;
      }
    }
    if (pass == 0)
      for (uint32_t v = 2; v < program->value_count + 2; v++) starts[v] += starts[v - 1];
  }
  return OB_OK;
}

/* Which locals of each segment are made straight in the room of a program output. */
static ob_status_t list_outputs(builder_t *b) {
  ob_program_t *program = b->program;
  for (uint32_t s = 0; s < program->segment_count; s++) {
    ob_segment_t *segment = &program->segments[s];
    OB_TRY(OB_ARENA_ARRAY(arena_of(b), program->output_count, &segment->outputs));
    for (size_t i = 0; i < segment->local_count; i++)
      if (program->output_of[segment->locals[i]] >= 0) segment->outputs[segment->output_count++] = (uint32_t)i;
  }
  return OB_OK;
}

static ob_status_t link_values(builder_t *b) {
  ob_program_t *program = b->program;
  bool *made;
  OB_TRY(OB_ARENA_ARRAY(arena_of(b), program->value_count, &program->last_use));
  OB_TRY(OB_ARENA_ARRAY(arena_of(b), program->value_count, &program->output_of));
  OB_TRY(OB_ARENA_ARRAY(arena_of(b), program->value_count, &made));
  for (uint32_t s = 0; s < program->step_count; s++) {
    ob_step_t *step = &program->steps[s];
    step->input_at = b->at;
    step->output_at = b->at + step->input_count;
    b->at += step->input_count + step->output_count;
    for (uint32_t i = 0; i < step->output_count; i++) {
      if (step->outputs[i] == OB_NO_VALUE) continue;
      made[step->outputs[i]] = true;
      program->last_use[step->outputs[i]] = s;
    }
  }
  program->pointer_count = b->at;
  for (uint32_t s = 0; s < program->step_count; s++) {
    ob_step_t *step = &program->steps[s];
    OB_TRY(OB_ARENA_ARRAY(arena_of(b), step->output_count, &step->output_values));
    for (uint32_t i = 0; i < step->output_count; i++)
      if (step->outputs[i] != OB_NO_VALUE) step->output_values[i] = program->values[step->outputs[i]];
  }
  visit_reads(program, note_last_use);
  for (uint32_t v = 0; v < program->value_count; v++) program->output_of[v] = -1;
  for (uint32_t o = 0; o < program->output_count; o++) {
    uint32_t v = program->outputs[o];
    program->last_use[v] = program->step_count;
    if (made[v] && program->output_of[v] < 0) program->output_of[v] = (int32_t)o;
  }
  OB_TRY(list_outputs(b));
  return list_uses(b);
}

/* ---------------------------------------------------------------- whole programs */

static ob_status_t learn_inputs(builder_t *b) {
  ob_program_t *program = b->program;
  OB_TRY(OB_ARENA_ARRAY(arena_of(b), program->input_count, &program->input_values));
  for (uint32_t i = 0; i < program->input_count; i++) program->input_values[i] = program->values[program->inputs[i]];
  for (int pass = 0; pass < 2; pass++)
    for (uint32_t i = 0; i < program->input_count; i++) {
      const ob_value_t *value = program->values[program->inputs[i]];
      OB_TRY(pass == 0 ? ob_rules_bind(program, &program->rules, i, value, b->known)
                       : ob_rules_check(program, &program->rules, i, value, b->known));
    }
  return OB_OK;
}

static ob_status_t start(builder_t *b, const bool *known) {
  ob_program_t *program = b->program;
  ob_module_t *module = program->model->module;
  b->symbol_count = ob_expr_symbol_count(module->exprs);
  OB_TRY(OB_ARENA_ARRAY(arena_of(b), b->symbol_count, &b->known));
  OB_TRY(OB_ARENA_ARRAY(arena_of(b), b->symbol_count, &b->used));
  OB_TRY(OB_ARENA_ARRAY(arena_of(b), b->symbol_count, &b->ever_used));
  OB_TRY(OB_ARENA_ARRAY(arena_of(b), program->value_count, &program->deferred));
  if (known && b->symbol_count > 0) memcpy(b->known, known, b->symbol_count * sizeof *known);
  return learn_inputs(b);
}

/* Symbols that bodies and what follows depend on count as used by this program: their rules stay. */
static void gather_used(const ob_program_t *program, bool *used) {
  for (uint32_t s = 0; s < program->segment_count; s++)
    for (size_t i = 0; i < program->segments[s].symbol_count; i++) used[program->segments[s].symbols[i]] = true;
  for (uint32_t s = 0; s < program->step_count; s++) {
    const ob_step_t *step = &program->steps[s];
    for (size_t i = 0; step->unit && i < step->unit->outer_count; i++) used[step->unit->symbols[i]] = true;
    for (uint32_t i = 0; i < step->body_count; i++) gather_used(step->bodies[i].program, used);
  }
}

static void prune(builder_t *b) {
  ob_program_t *program = b->program;
  gather_used(program, b->ever_used);
  ob_rules_prune(&program->rules, b->ever_used);
  for (uint32_t s = 0; s < program->segment_count; s++) ob_rules_prune(&program->segments[s].after, b->ever_used);
}

static ob_status_t fill_from_graph(builder_t *b) {
  ob_program_t *program = b->program;
  const ob_graph_t *graph = b->graph;
  uint32_t extra = 0;
  for (size_t n = 0; n < graph->nodes.count; n++)
    for (size_t i = 0; i < graph->nodes.items[n]->output_count; i++) extra += !graph->nodes.items[n]->outputs[i];
  b->next_value = (uint32_t)graph->values.count;
  program->value_count = b->next_value + extra;
  program->step_count = (uint32_t)graph->nodes.count;
  OB_TRY(OB_ARENA_ARRAY(&program->arena, program->value_count, &program->values));
  for (size_t v = 0; v < graph->values.count; v++) program->values[v] = graph->values.items[v];
  for (uint32_t v = b->next_value; v < program->value_count; v++) program->values[v] = graph->values.items[0];
  OB_TRY(OB_ARENA_ARRAY(&program->arena, program->step_count, &program->steps));
  program->input_count = (uint32_t)graph->inputs.count;
  program->output_count = (uint32_t)graph->outputs.count;
  OB_TRY(step_values(b, graph->inputs.items, graph->inputs.count, &program->inputs));
  OB_TRY(step_values(b, graph->outputs.items, graph->outputs.count, &program->outputs));
  OB_TRY(start(b, b->known));
  OB_TRY(build_segments(b, graph->nodes.items));
  OB_TRY(link_values(b));
  prune(b);
  return OB_OK;
}

static ob_status_t create(ob_model_t *model, const char *name, ob_program_t **out) {
  ob_program_t *program;
  *out = NULL;
  OB_TRY(OB_NEW(model->allocator, &program));
  program->model = model;
  program->name = name;
  ob_arena_init(&program->arena, model->allocator);
  *out = program;
  return OB_OK;
}

static ob_status_t finish(ob_status_t status, ob_program_t **program) {
  if (status != OB_OK) {
    ob_program_free(*program);
    *program = NULL;
  }
  return status;
}

ob_status_t ob_program_create(ob_model_t *model, const ob_graph_t *graph, const bool *known, ob_program_t **program) {
  OB_TRY(create(model, graph->name, program));
  builder_t b = {.program = *program, .graph = graph, .known = (bool *)(uintptr_t)known};
  return finish(fill_from_graph(&b), program);
}

static ob_status_t fill_from_region(builder_t *b, ob_unit_t *unit) {
  ob_program_t *program = b->program;
  const ob_graph_t *body = b->graph;
  uint32_t *inputs, *outputs;
  program->value_count = (uint32_t)body->values.count;
  program->step_count = 1;
  OB_TRY(OB_ARENA_ARRAY(&program->arena, program->value_count, &program->values));
  OB_TRY(OB_ARENA_ARRAY(&program->arena, 1, &program->steps));
  for (size_t v = 0; v < body->values.count; v++) program->values[v] = body->values.items[v];
  program->input_count = (uint32_t)body->inputs.count;
  program->output_count = (uint32_t)body->outputs.count;
  OB_TRY(step_values(b, body->inputs.items, body->inputs.count, &inputs));
  OB_TRY(step_values(b, body->outputs.items, body->outputs.count, &outputs));
  program->inputs = inputs;
  program->outputs = outputs;
  OB_TRY(start(b, NULL));
  program->steps[0] = (ob_step_t){.kind = region_is_static(b, unit) ? OB_STEP_REGION : OB_STEP_DYNAMIC,
                                  .name = unit->region->symbol,
                                  .unit = unit,
                                  .inputs = inputs,
                                  .outputs = outputs,
                                  .input_count = program->input_count,
                                  .output_count = program->output_count};
  OB_TRY(build_segments(b, NULL));
  OB_TRY(link_values(b));
  prune(b);
  return OB_OK;
}

ob_status_t ob_program_of_region(ob_unit_t *unit, ob_program_t **program) {
  OB_TRY(create(unit->model, unit->region->symbol, program));
  builder_t b = {.program = *program, .graph = unit->region->body};
  return finish(fill_from_region(&b, unit), program);
}

void ob_program_free(ob_program_t *program) {
  if (!program) return;
  const ob_allocator_t *allocator = program->model->allocator;
  for (uint32_t s = 0; s < program->segment_count; s++) {
    ob_segment_t *segment = &program->segments[s];
    ob_plan_free_all(allocator, segment->plans);
    ob_plan_free_all(allocator, segment->largest);
    pthread_mutex_destroy(&segment->lock);
    ob_array_free(allocator, &segment->after);
    ob_array_free(allocator, &segment->guards);
  }
  for (uint32_t s = 0; program->steps && s < program->step_count; s++)
    for (uint32_t i = 0; i < program->steps[s].body_count; i++) ob_program_free(program->steps[s].bodies[i].program);
  ob_array_free(allocator, &program->rules);
  ob_arena_free(&program->arena);
  ob_free(allocator, program);
}
