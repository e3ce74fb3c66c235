/* Frames: making one, and running a program's segments step by step. */
#include "runtime/frame.h"

#include <string.h>

#include "base/checked.h"
#include "base/dtype.h"
#include "base/thread.h"
#include "runtime/bind.h"

/* Where empty tensors point: engines never see NULL for a value that exists. */
static _Alignas(64) char nothing[64];

/* ---------------------------------------------------------------- creation */

static ob_status_t create_frames(ob_frame_t *frame, const ob_step_t *step, ob_step_state_t *state) {
  const ob_allocator_t *allocator = frame->context->allocator;
  OB_TRY(OB_NEW_ARRAY(allocator, step->body_count, &state->frames));
  for (uint32_t i = 0; i < step->body_count; i++)
    OB_TRY(ob_frame_create(frame->context, step->bodies[i].program, &state->frames[i]));
  if (step->kind == OB_STEP_IF) return OB_OK;
  state->carried_count = step->bodies[0].program->input_count + step->output_count; /* the most that loop and scan need */
  return OB_NEW_ARRAY(allocator, state->carried_count, &state->carried);
}

static ob_status_t create_state(ob_frame_t *frame, uint32_t s) {
  const ob_allocator_t *allocator = frame->context->allocator;
  const ob_step_t *step = &frame->program->steps[s];
  ob_step_state_t *state = &frame->states[s];
  state->frame = frame;
  state->step = s;
  OB_TRY(OB_NEW_ARRAY(allocator, step->output_count, &state->outputs));
  OB_TRY(OB_NEW_ARRAY(allocator, step->output_count, &state->output_cells));
  for (uint32_t i = 0; i < step->output_count; i++)
    if (step->outputs[i] != OB_NO_VALUE) state->output_cells[i] = &frame->cells[step->outputs[i]];
  for (uint32_t i = 0; i < step->input_count; i++)
    if (step->inputs[i] != OB_NO_VALUE) frame->tensors[step->input_at + i] = &frame->cells[step->inputs[i]];
  frame->calls[s] = (ob_call_t){.struct_size = sizeof(ob_call_t),
                                .inputs = (const void *const *)&frame->pointers[step->input_at],
                                .outputs = &frame->pointers[step->output_at],
                                .workspace = nothing,
                                .allocate = ob_call_allocate,
                                .put = ob_call_put,
                                .input_tensors = step->full ? &frame->tensors[step->input_at] : NULL,
                                .host = state};
  return step->body_count > 0 ? create_frames(frame, step, state) : OB_OK;
}

/* Constants are where they are for good. */
static void set_constants(ob_frame_t *frame) {
  const ob_program_t *program = frame->program;
  pthread_mutex_lock(&program->model->lock);
  for (uint32_t v = 0; v < program->value_count; v++) {
    const ob_constant_t *constant = program->values[v]->constant;
    if (!constant) continue;
    ob_tensor_t tensor = {.dtype = constant->dtype,
                          .rank = constant->rank,
                          .dims = constant->dims,
                          .data = (void *)(uintptr_t)constant->data,
                          .bytes = constant->bytes};
    ob_frame_set_cell(frame, v, &tensor);
  }
  pthread_mutex_unlock(&program->model->lock);
}

static ob_status_t fill(ob_frame_t *frame) {
  const ob_program_t *program = frame->program;
  const ob_allocator_t *allocator = frame->context->allocator;
  OB_TRY(OB_NEW_ARRAY(allocator, program->value_count, &frame->cells));
  OB_TRY(OB_NEW_ARRAY(allocator, program->pointer_count, &frame->pointers));
  OB_TRY(OB_NEW_ARRAY(allocator, program->pointer_count, &frame->tensors));
  OB_TRY(OB_NEW_ARRAY(allocator, program->step_count, &frame->calls));
  OB_TRY(OB_NEW_ARRAY(allocator, program->segment_count, &frame->segments));
  OB_TRY(OB_NEW_ARRAY(allocator, program->input_count, &frame->inputs));
  OB_TRY(OB_NEW_ARRAY(allocator, program->output_count, &frame->results));
  OB_TRY(OB_NEW_ARRAY(allocator, program->output_count, &frame->outputs));
  OB_TRY(OB_NEW_ARRAY(allocator, program->output_count, &frame->wanted));
  OB_TRY(OB_NEW_ARRAY(allocator, program->step_count, &frame->states));
  for (uint32_t i = 0; i < program->input_count; i++) frame->inputs[i] = &frame->cells[program->inputs[i]];
  for (uint32_t s = 0; s < program->step_count; s++) OB_TRY(create_state(frame, s));
  for (uint32_t s = 0; s < program->segment_count; s++) OB_TRY(ob_slots_create(frame, s));
  set_constants(frame);
  return OB_OK;
}

ob_status_t ob_frame_create(ob_context_t *context, const ob_program_t *program, ob_frame_t **out) {
  ob_frame_t *frame;
  *out = NULL;
  OB_TRY(OB_NEW(context->allocator, &frame));
  frame->context = context;
  frame->program = program;
  ob_status_t status = fill(frame);
  if (status != OB_OK) {
    ob_frame_free(frame);
    return status;
  }
  *out = frame;
  return OB_OK;
}

static void free_state(ob_frame_t *frame, const ob_step_t *step, ob_step_state_t *state) {
  ob_context_t *context = frame->context;
  for (uint32_t i = 0; state->outputs && i < step->output_count; i++) ob_holder_free(context, &state->outputs[i]);
  for (uint32_t i = 0; state->carried && i < state->carried_count; i++) ob_holder_free(context, &state->carried[i]);
  for (uint32_t i = 0; state->frames && i < step->body_count; i++) ob_frame_free(state->frames[i]);
  ob_holder_free(context, &state->iteration);
  ob_holder_free(context, &state->condition);
  ob_block_free(context, &state->workspace);
  ob_bound_release(state->bound);
  ob_free(context->allocator, state->outputs);
  ob_free(context->allocator, state->output_cells);
  ob_free(context->allocator, state->carried);
  ob_free(context->allocator, state->frames);
}

void ob_frame_free(ob_frame_t *frame) {
  if (!frame) return;
  ob_context_t *context = frame->context;
  const ob_program_t *program = frame->program;
  for (uint32_t s = 0; frame->states && s < program->step_count; s++)
    free_state(frame, &program->steps[s], &frame->states[s]);
  for (uint32_t s = 0; frame->segments && s < program->segment_count; s++) {
    ob_plan_release(frame->segments[s].plan);
    ob_slots_free(frame, s);
    ob_block_free(context, &frame->segments[s].arena);
  }
  for (uint32_t o = 0; frame->outputs && o < program->output_count; o++) ob_holder_free(context, &frame->outputs[o]);
  void *blocks[] = {frame->cells,  frame->pointers, frame->tensors, frame->calls,  frame->segments, frame->inputs,
                    frame->results, frame->outputs,  frame->wanted,  frame->states, frame};
  for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++) ob_free(context->allocator, blocks[i]);
}

/* ---------------------------------------------------------------- values */

void ob_frame_set_cell(ob_frame_t *frame, uint32_t value, const ob_tensor_t *tensor) {
  const ob_program_t *program = frame->program;
  ob_tensor_t *cell = &frame->cells[value];
  void *before = cell->data;
  *cell = *tensor;
  if (!cell->data) cell->data = nothing;
  if (cell->data == before) return;
  for (uint32_t u = program->use_starts[value]; u < program->use_starts[value + 1]; u++)
    frame->pointers[program->uses[u]] = cell->data;
}

ob_status_t ob_frame_set_input(ob_frame_t *frame, uint32_t index, const ob_tensor_t *tensor) {
  const ob_value_t *value = frame->program->input_values[index];
  /* what an optional may hold stands for an optional that holds it: a loop's state may begin empty and go on as a sequence */
  bool held = value->type.kind == OB_OPTIONAL;
  if (!held && (tensor->kind != value->type.kind || (tensor->dtype != value->type.dtype && tensor->kind == OB_TENSOR)))
    return ob_fail(OB_INVALID_ARGUMENT, "'%s' must be %s, found %s", ob_quote(value->name), ob_dtype_name(value->type.dtype),
                   ob_dtype_name(tensor->dtype));
  if (value->type.kind == OB_TENSOR && value->type.rank >= 0 && tensor->rank != value->type.rank)
    return ob_fail(OB_INVALID_ARGUMENT, "'%s' must have rank %d, found %d", ob_quote(value->name), value->type.rank,
                   tensor->rank);
  ob_frame_set_cell(frame, frame->program->inputs[index], tensor);
  return OB_OK;
}

ob_status_t ob_frame_capture(ob_frame_t *frame, uint32_t s, uint32_t body) {
  const ob_step_body_t *step_body = &frame->program->steps[s].bodies[body];
  ob_frame_t *inner = frame->states[s].frames[body];
  uint32_t first = inner->program->input_count - step_body->capture_count;
  for (uint32_t c = 0; c < step_body->capture_count; c++)
    OB_TRY(ob_frame_set_input(inner, first + c, &frame->cells[step_body->captures[c]]));
  return OB_OK;
}

static bool same_shape(const ob_tensor_t *a, const ob_tensor_t *b) {
  return a->kind == b->kind && a->dtype == b->dtype && a->rank == b->rank &&
         (a->rank == 0 || memcmp(a->dims, b->dims, (size_t)a->rank * sizeof *a->dims) == 0);
}

ob_status_t ob_frame_deliver(ob_frame_t *frame, uint32_t s, uint32_t index, const ob_tensor_t *tensor) {
  const ob_step_t *step = &frame->program->steps[s];
  uint32_t value = step->outputs[index];
  if (value == OB_NO_VALUE) return OB_OK;
  if (frame->program->deferred[value]) {
    ob_frame_set_cell(frame, value, tensor);
    return OB_OK;
  }
  ob_tensor_t *cell = &frame->cells[value];
  if (!same_shape(cell, tensor))
    return ob_fail(OB_INTERNAL, "node '%s': output '%s' has another shape than was planned", ob_quote(step->name),
                   ob_quote(frame->program->values[value]->name));
  if (tensor->data != cell->data && cell->bytes > 0) memcpy(cell->data, tensor->data, cell->bytes);
  return OB_OK;
}

const ob_tensor_t *ob_frame_output(const ob_frame_t *frame, uint32_t index) { return frame->results[index]; }

/* ---------------------------------------------------------------- plans in use */

static bool plan_fits(const ob_frame_t *frame, const ob_segment_t *segment, const ob_plan_t *plan) {
  const int64_t *symbols = frame->context->symbols;
  if (plan->generation != atomic_load_explicit(&frame->program->model->generation, memory_order_acquire)) return false;
  for (size_t i = 0; i < segment->symbol_count; i++)
    if (plan->key[i] != symbols[segment->symbols[i]]) return false;
  return true;
}

static void place_values(ob_frame_t *frame, const ob_segment_t *segment, const ob_segment_state_t *state) {
  const ob_plan_t *plan = state->plan;
  for (size_t i = 0; i < segment->local_count; i++) {
    const ob_place_t *place = &plan->places[i];
    uint32_t v = segment->locals[i];
    ob_tensor_t tensor = {.dtype = frame->program->values[v]->type.dtype,
                          .rank = place->rank,
                          .dims = place->dims,
                          .bytes = place->bytes};
    if (place->kind == OB_PLACE_OUTPUT) continue; /* its room comes with each run */
    tensor.data = place->kind == OB_PLACE_CONTENT ? (void *)(uintptr_t)place->data
                                                  : (void *)((char *)state->arena.data + place->offset);
    ob_frame_set_cell(frame, v, &tensor);
  }
  for (uint32_t s = segment->begin; s < segment->end; s++)
    frame->calls[s].workspace = (char *)state->arena.data + plan->workspaces[s - segment->begin];
}

static ob_status_t change_plan(ob_frame_t *frame, uint32_t index) {
  const ob_segment_t *segment = &frame->program->segments[index];
  ob_segment_state_t *state = &frame->segments[index];
  ob_plan_request_t request = {.program = frame->program,
                               .segment = index,
                               .symbols = frame->context->symbols,
                               .threads = frame->context->threads};
  ob_plan_t *plan;
  ob_plan_release(state->plan);
  state->plan = NULL;
  OB_TRY(ob_slots_acquire(frame, index, &plan));
  if (!plan) OB_TRY(ob_plan_acquire(&request, &plan));
  ob_status_t status = ob_block_reserve(frame->context, &state->arena, plan->arena_bytes);
  if (status != OB_OK) {
    ob_plan_release(plan);
    return status;
  }
  state->plan = plan;
  place_values(frame, segment, state);
  return OB_OK;
}

/* Room for the outputs that this segment makes: the caller's, or the frame's own. */
static ob_status_t place_outputs(ob_frame_t *frame, uint32_t index) {
  const ob_segment_t *segment = &frame->program->segments[index];
  const ob_plan_t *plan = frame->segments[index].plan;
  for (size_t i = 0; i < segment->output_count; i++) {
    const ob_place_t *place = &plan->places[segment->outputs[i]];
    uint32_t v = segment->locals[segment->outputs[i]];
    const ob_tensor_t *wanted = &frame->wanted[place->output];
    ob_block_t *own = &frame->outputs[place->output].block;
    ob_tensor_t tensor = {.dtype = frame->program->values[v]->type.dtype,
                          .rank = place->rank,
                          .dims = place->dims,
                          .data = wanted->data,
                          .bytes = place->bytes};
    if (wanted->data && wanted->bytes < place->bytes)
      return ob_fail(OB_INVALID_ARGUMENT, "output '%s' needs %zu bytes, its buffer has %zu",
                     ob_quote(frame->program->values[v]->name), place->bytes, wanted->bytes);
    if (!wanted->data) {
      const ob_plan_t *largest = frame->segments[index].largest;
      size_t most = largest ? largest->places[segment->outputs[i]].bytes : 0;
      if (!own->data || own->size < place->bytes) OB_TRY(ob_block_reserve(frame->context, own, most > place->bytes ? most : place->bytes));
      tensor.data = own->data;
    }
    ob_frame_set_cell(frame, v, &tensor);
  }
  return OB_OK;
}

/* ---------------------------------------------------------------- running */

ob_status_t ob_context_check(const ob_context_t *context) {
  if (context->cancel && __atomic_load_n(context->cancel, __ATOMIC_RELAXED)) return ob_fail(OB_CANCELLED, "the call was cancelled");
  if (context->deadline_ns > 0 && ob_now_ns() >= context->deadline_ns)
    return ob_fail(OB_DEADLINE_EXCEEDED, "the call's deadline has passed");
  return OB_OK;
}

/* A failure of the engine itself: another one takes the region, and the call begins anew. */
static ob_status_t engine_failed(ob_frame_t *frame, const ob_step_t *step, ob_bound_t *bound, ob_status_t status) {
  if (ob_status_blames_engine(status)) {
    ob_fail_within(status, "engine '%s': ", bound->backend->engine->name);
    if (ob_unit_replace(step->unit, bound->backend, status) == OB_OK) frame->context->again = true;
  }
  return ob_fail_within(status, "region '%s': ", ob_quote(step->name));
}

/* Outputs of the run before are no more. */
static void forget_outputs(ob_frame_t *frame, uint32_t s) {
  const ob_step_t *step = &frame->program->steps[s];
  for (uint32_t o = 0; o < step->output_count; o++) {
    if (!frame->program->deferred[step->outputs[o]]) continue;
    frame->cells[step->outputs[o]].data = NULL;
    frame->pointers[step->output_at + o] = NULL;
    frame->states[s].outputs[o].filled = false;
  }
}

ob_status_t ob_run_engine(ob_frame_t *frame, uint32_t s, ob_bound_t *bound) {
  ob_context_t *context = frame->context;
  const ob_step_t *step = &frame->program->steps[s];
  ob_call_t *call = &frame->calls[s];
  const ob_run_options_t *options = context->options;
  ob_status_t status = OB_OK;
  call->deadline_ns = context->deadline_ns;
  call->cancel = context->cancel;
  if (step->defers && step->kind == OB_STEP_REGION) forget_outputs(frame, s);
  if (context->hook) context->hook(context->hook_user, step, frame, true, &status);
  if (status != OB_OK) return status;
  uint64_t begin = options && options->trace ? ob_now_ns() : 0;
  status = bound->run(bound->instance, call);
  if (status != OB_OK) return engine_failed(frame, step, bound, status);
  if (options && options->trace)
    options->trace(options->trace_user, step->name, bound->backend->engine->name, ob_now_ns() - begin);
  if (context->hook) context->hook(context->hook_user, step, frame, false, &status);
  return status;
}

static ob_status_t run_step(ob_frame_t *frame, uint32_t s, ob_bound_t *bound) {
  static ob_status_t (*const runs[])(ob_frame_t *, uint32_t) = {[OB_STEP_DYNAMIC] = ob_run_dynamic,
                                                                [OB_STEP_IF] = ob_run_if,
                                                                [OB_STEP_LOOP] = ob_run_loop,
                                                                [OB_STEP_SCAN] = ob_run_scan};
  const ob_step_t *step = &frame->program->steps[s];
  if (step->kind == OB_STEP_REGION) return ob_run_engine(frame, s, bound);
  return runs[step->kind](frame, s);
}

/* Every value that later steps read must be there now. */
static ob_status_t check_deferred(const ob_frame_t *frame, uint32_t s) {
  const ob_step_t *step = &frame->program->steps[s];
  const ob_step_state_t *state = &frame->states[s];
  if (!step->unit) return OB_OK;
  for (uint32_t o = 0; o < step->output_count; o++) {
    uint32_t v = step->outputs[o];
    if (!frame->program->deferred[v] || state->outputs[o].filled || frame->program->last_use[v] == s) continue;
    return ob_fail(OB_ENGINE_ERROR, "region '%s': its engine left output '%s' out", ob_quote(step->name),
                   ob_quote(frame->program->values[v]->name));
  }
  return OB_OK;
}

static ob_status_t learn_after(ob_frame_t *frame, const ob_segment_t *segment) {
  if (segment->end == segment->begin) return OB_OK;
  uint32_t last = segment->end - 1;
  OB_TRY(check_deferred(frame, last));
  if (segment->after.count == 0) return OB_OK;
  const ob_step_t *step = &frame->program->steps[last];
  ob_status_t status = ob_rules_apply(&segment->after, frame->program, step->output_values, frame->states[last].output_cells,
                                      frame->context->symbols);
  return status == OB_OK ? OB_OK : ob_fail_within(status, "node '%s': ", ob_quote(step->name));
}

static ob_status_t run_segment(ob_frame_t *frame, uint32_t index) {
  const ob_segment_t *segment = &frame->program->segments[index];
  ob_segment_state_t *state = &frame->segments[index];
  bool watched = frame->context->cancel || frame->context->deadline_ns > 0;
  if (!state->plan || !plan_fits(frame, segment, state->plan)) OB_TRY(change_plan(frame, index));
  if (segment->output_count > 0) OB_TRY(place_outputs(frame, index));
  for (uint32_t s = segment->begin; s < segment->end; s++) {
    if (watched) OB_TRY(ob_context_check(frame->context));
    OB_TRY(run_step(frame, s, state->plan->bounds[s - segment->begin]));
  }
  return index + 1 < frame->program->segment_count ? learn_after(frame, segment) : OB_OK;
}

/* Outputs that no step made in place: inputs and constants passed through, repeated outputs, and those of unforeseen shape. */
static ob_status_t finish_output(ob_frame_t *frame, uint32_t o) {
  uint32_t v = frame->program->outputs[o];
  const ob_tensor_t *cell = &frame->cells[v], *wanted = &frame->wanted[o];
  bool made_here = frame->program->output_of[v] == (int32_t)o;
  ob_holder_t *own = &frame->outputs[o];
  if (made_here && !frame->program->deferred[v]) {
    frame->results[o] = cell;
    return OB_OK;
  }
  if (wanted->data) {
    if (wanted->bytes < cell->bytes)
      return ob_fail(OB_INVALID_ARGUMENT, "output '%s' needs %zu bytes, its buffer has %zu",
                     ob_quote(frame->program->values[v]->name), cell->bytes, wanted->bytes);
    if (cell->bytes > 0) memmove(wanted->data, cell->data, cell->bytes);
    own->tensor = *cell;
    own->tensor.data = wanted->data;
    frame->results[o] = &own->tensor;
    return OB_OK;
  }
  if (made_here) {
    frame->results[o] = cell;
    return OB_OK;
  }
  OB_TRY(ob_holder_copy(frame->context, own, cell));
  frame->results[o] = &own->tensor;
  return OB_OK;
}

ob_status_t ob_frame_run(ob_frame_t *frame) {
  const ob_program_t *program = frame->program;
  OB_TRY(ob_rules_apply(&program->rules, program, program->input_values, frame->inputs, frame->context->symbols));
  for (uint32_t s = 0; s < program->segment_count; s++) OB_TRY(run_segment(frame, s));
  for (uint32_t o = 0; o < program->output_count; o++) OB_TRY(finish_output(frame, o));
  return OB_OK;
}
