/* Bounded programs: every symbol has a largest size, so one placement has room for all shapes and is known before anything ran. */
#include <string.h>

#include "base/checked.h"
#include "base/dtype.h"
#include "runtime/bind.h"
#include "runtime/program.h"

static ob_status_t fail_large(const ob_value_t *value) {
  return ob_fail(OB_UNSUPPORTED, "at its largest, '%s' is more than this machine has memory for", ob_quote(value->name));
}

ob_status_t ob_value_largest_bytes(const ob_model_t *model, const ob_value_t *value, size_t *bytes) {
  int64_t dims[OB_MAX_RANK], low;
  if (!ob_type_is_plain(value->type.kind, value->type.dtype) || value->type.rank < 0 || value->type.rank > OB_MAX_RANK)
    return ob_fail(OB_UNSUPPORTED, "'%s' has no largest size", ob_quote(value->name));
  for (int32_t i = 0; i < value->type.rank; i++) {
    ob_expr_bounds(model->module->exprs, value->type.dims[i], &low, &dims[i]);
    if (dims[i] == INT64_MAX) return ob_fail(OB_UNSUPPORTED, "axis %d of '%s' has no largest size", i, ob_quote(value->name));
    if (dims[i] < 0) dims[i] = 0;
  }
  if (!ob_tensor_bytes(value->type.dtype, value->type.rank, dims, bytes) || *bytes > ob_memory_of_machine()) return fail_large(value);
  return OB_OK;
}

/* ---------------------------------------------------------------- segments */

static ob_status_t check_symbols(const ob_model_t *model, const ob_segment_t *segment) {
  for (size_t i = 0; i < segment->symbol_count; i++) {
    const ob_symbol_t *symbol = ob_expr_symbol_at(model->module->exprs, segment->symbols[i]);
    if (symbol->max < INT64_MAX) continue;
    return symbol->source == OB_SYMBOL_DIM
               ? ob_fail(OB_UNSUPPORTED, "dim '%s' has no largest size (compile with --dim '%s=LOW:HIGH')", ob_quote(symbol->name), ob_quote(symbol->name))
               : ob_fail(OB_UNSUPPORTED, "'%s', on which shapes depend, has no largest number", ob_quote(symbol->name));
  }
  return OB_OK;
}

/* Values inside of a region, at the largest numbers for its symbols. */
static ob_status_t check_body(const ob_model_t *model, const ob_graph_t *body) {
  for (size_t v = 0; v < body->values.count; v++) {
    const ob_value_t *value = body->values.items[v];
    int64_t dims[OB_MAX_RANK];
    size_t bytes;
    if (!ob_type_is_plain(value->type.kind, value->type.dtype) || value->type.rank < 0 || value->type.rank > OB_MAX_RANK) continue;
    for (int32_t i = 0; i < value->type.rank; i++) OB_TRY(ob_expr_eval(value->type.dims[i], model->largest, &dims[i]));
    if (!ob_tensor_bytes(value->type.dtype, value->type.rank, dims, &bytes) || bytes > ob_memory_of_machine()) return fail_large(value);
  }
  return OB_OK;
}

/* Before anything is bound to the largest sizes: what engines make for a size would be as large. */
static ob_status_t check_values(const ob_program_t *program, const ob_segment_t *segment) {
  size_t bytes;
  for (size_t i = 0; i < segment->local_count; i++) OB_TRY(ob_value_largest_bytes(program->model, program->values[segment->locals[i]], &bytes));
  for (uint32_t i = 0; i < program->input_count; i++)
    if (ob_type_is_plain(program->input_values[i]->type.kind, program->input_values[i]->type.dtype))
      OB_TRY(ob_value_largest_bytes(program->model, program->input_values[i], &bytes));
  for (uint32_t s = segment->begin; s < segment->end; s++)
    if (program->steps[s].kind == OB_STEP_REGION) OB_TRY(check_body(program->model, program->steps[s].unit->region->body));
  return OB_OK;
}

static const ob_plan_t *find(const ob_segment_t *segment, unsigned generation, uint32_t threads) {
  for (const ob_plan_t *plan = segment->largest; plan; plan = plan->next)
    if (plan->generation == generation && plan->threads == threads) return plan;
  return NULL;
}

ob_status_t ob_segment_largest(const ob_program_t *program, uint32_t index, uint32_t threads, const ob_plan_t **out) {
  const ob_model_t *model = program->model;
  ob_segment_t *segment = &program->segments[index];
  ob_plan_request_t request = {program, index, model->largest, threads, true};
  ob_plan_t *fresh;
  OB_TRY(check_symbols(model, segment));
  OB_TRY(check_values(program, segment));
  pthread_mutex_lock(&segment->lock);
  *out = find(segment, atomic_load(&model->generation), threads);
  pthread_mutex_unlock(&segment->lock);
  if (*out) return OB_OK;
  OB_TRY(ob_plan_create(&request, &fresh));
  if (fresh->arena_bytes > ob_memory_of_machine()) {
    ob_plan_free(model->allocator, fresh);
    return ob_fail(OB_UNSUPPORTED, "the arena for the largest sizes is more than this machine has memory for");
  }
  pthread_mutex_lock(&segment->lock);
  *out = find(segment, fresh->generation, threads); /* another thread may have been faster */
  if (!*out) {
    fresh->next = segment->largest;
    *out = segment->largest = fresh;
    fresh = NULL;
  }
  pthread_mutex_unlock(&segment->lock);
  if (fresh) ob_plan_free(model->allocator, fresh);
  return OB_OK;
}

/* ---------------------------------------------------------------- programs */

/* Steps for which memory is taken as they run. */
static ob_status_t check_step(const ob_step_t *step) {
  if (step->kind == OB_STEP_DYNAMIC) return ob_fail(OB_UNSUPPORTED, "region '%s' is bound only when its inputs exist", ob_quote(step->name));
  if (step->kind == OB_STEP_LOOP || step->kind == OB_STEP_SCAN)
    return ob_fail(OB_UNSUPPORTED, "node '%s' keeps what it carries from turn to turn", ob_quote(step->name));
  if (step->defers) return ob_fail(OB_UNSUPPORTED, "'%s' makes values whose sizes are known only when it has run", ob_quote(step->name));
  return OB_OK;
}

static ob_status_t segment_bytes(const ob_program_t *program, uint32_t index, uint32_t threads, size_t *bytes) {
  const ob_plan_t *largest;
  OB_TRY(ob_segment_largest(program, index, threads, &largest));
  if (!ob_add_size(*bytes, largest->arena_bytes, bytes)) return ob_fail(OB_UNSUPPORTED, "the arena exceeds the address space");
  return OB_OK;
}

static ob_status_t add_program(const ob_program_t *program, uint32_t threads, size_t *bytes) {
  for (uint32_t s = 0; s < program->step_count; s++) {
    OB_TRY(check_step(&program->steps[s]));
    for (uint32_t b = 0; b < program->steps[s].body_count; b++) OB_TRY(add_program(program->steps[s].bodies[b].program, threads, bytes));
  }
  for (uint32_t s = 0; s < program->segment_count; s++) OB_TRY(segment_bytes(program, s, threads, bytes));
  return OB_OK;
}

ob_status_t ob_program_arena_bytes(const ob_program_t *program, uint32_t threads, size_t *bytes) {
  *bytes = 0;
  return add_program(program, threads, bytes);
}

ob_status_t ob_function_arena_bytes(const ob_function_t *function, size_t *bytes) {
  if (!function || !bytes) return ob_fail(OB_INVALID_ARGUMENT, "%s is NULL", function ? "bytes" : "function");
  const ob_sink_t *before = ob_sink_enter(&function->model->sink);
  ob_status_t status = ob_program_arena_bytes(function->program, function->model->threads, bytes);
  ob_sink_leave(before);
  return status;
}
