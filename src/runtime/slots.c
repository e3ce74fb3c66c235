/* Slots: where a frame of a bounded program has its plans. Their memory is taken when the frame is made, for the largest sizes; a new shape
 * is written over the one that was not wanted for longest, so that it allocates nothing. */
#include <string.h>

#include "runtime/bind.h"
#include "runtime/frame.h"

struct ob_slot {
  ob_plan_t *plan;
  uint64_t last_use;
  bool filled; /* the plan is what its key says */
};

static void free_slot(const ob_frame_t *frame, ob_slot_t *slot) {
  if (slot->plan) ob_plan_free(frame->program->model->allocator, slot->plan);
  slot->plan = NULL;
}

void ob_slots_free(ob_frame_t *frame, uint32_t index) {
  ob_segment_state_t *state = &frame->segments[index];
  for (uint32_t i = 0; state->slots && i < frame->context->slots; i++) free_slot(frame, &state->slots[i]);
  ob_free(frame->context->allocator, state->slots);
  state->slots = NULL;
  state->largest = NULL;
}

/* ---------------------------------------------------------------- making them */

static ob_plan_request_t request_of(const ob_frame_t *frame, uint32_t index, const int64_t *symbols) {
  return (ob_plan_request_t){.program = frame->program, .segment = index, .symbols = symbols, .threads = frame->context->threads};
}

/* Instances that are made over for each shape belong to the slot; others come from the cache of their region as shapes come. */
static ob_status_t make_instances(ob_frame_t *frame, uint32_t index, ob_plan_t *plan) {
  const ob_segment_t *segment = &frame->program->segments[index];
  const ob_plan_t *largest = frame->segments[index].largest;
  ob_bind_request_t request = {.symbols = frame->context->model->largest, .threads = frame->context->threads};
  for (size_t i = 0; i < segment->end - segment->begin; i++) {
    const ob_bound_t *like = largest->bounds[i];
    if (!like || !like->backend->rebinds) continue;
    OB_TRY(ob_backend_bind(like->backend, &request, &plan->bounds[i]));
    plan->bounds[i]->owned = true;
    OB_TRY(ob_bound_rebind(plan->bounds[i], &request, &frame->context->scratch)); /* takes the memory that all others will do with */
  }
  return OB_OK;
}

static ob_status_t fill_slot(ob_frame_t *frame, uint32_t index, ob_plan_t *plan) {
  const ob_segment_t *segment = &frame->program->segments[index];
  const ob_plan_t *largest = frame->segments[index].largest;
  ob_plan_request_t request = request_of(frame, index, NULL);
  OB_TRY(ob_plan_reserve(&request, plan));
  plan->arena_bytes = largest->arena_bytes;
  for (size_t i = 0; i < segment->local_count; i++) plan->places[i].offset = largest->places[i].offset;
  if (plan->bound_count > 0) memcpy(plan->workspaces, largest->workspaces, plan->bound_count * sizeof *plan->workspaces);
  return make_instances(frame, index, plan);
}

static ob_status_t make_slot(ob_frame_t *frame, uint32_t index, ob_slot_t *slot) {
  const ob_plan_t *largest = frame->segments[index].largest;
  const ob_allocator_t *allocator = frame->program->model->allocator;
  OB_TRY(OB_NEW(allocator, &slot->plan));
  atomic_init(&slot->plan->references, 0);
  slot->plan->generation = largest->generation;
  slot->plan->threads = largest->threads;
  ob_arena_init(&slot->plan->arena, allocator);
  return fill_slot(frame, index, slot->plan);
}

/* Room for outputs of the frame that the caller has none for, and that no step makes in place. */
static ob_status_t reserve_outputs(ob_frame_t *frame) {
  const ob_program_t *program = frame->program;
  for (uint32_t o = 0; o < program->output_count; o++) {
    size_t bytes;
    uint32_t v = program->outputs[o];
    if (program->output_of[v] == (int32_t)o || ob_value_largest_bytes(program->model, program->values[v], &bytes) != OB_OK) continue;
    OB_TRY(ob_block_reserve(frame->context, &frame->outputs[o].block, bytes));
  }
  return OB_OK;
}

static ob_status_t make_slots(ob_frame_t *frame, uint32_t index) {
  ob_context_t *context = frame->context;
  ob_segment_state_t *state = &frame->segments[index];
  OB_TRY(ob_segment_largest(frame->program, index, context->threads, &state->largest));
  OB_TRY(OB_NEW_ARRAY(context->allocator, context->slots, &state->slots));
  for (uint32_t i = 0; i < context->slots; i++) OB_TRY(make_slot(frame, index, &state->slots[i]));
  OB_TRY(reserve_outputs(frame));
  return ob_block_reserve(context, &state->arena, state->largest->arena_bytes);
}

ob_status_t ob_slots_create(ob_frame_t *frame, uint32_t index) {
  const ob_program_t *program = frame->program;
  const ob_segment_t *segment = &program->segments[index];
  if (segment->symbol_count == 0) return OB_OK; /* there is but one plan */
  for (size_t i = 0; i < segment->symbol_count; i++)
    if (program->model->largest[segment->symbols[i]] == INT64_MAX) return OB_OK; /* plans as shapes come */
  ob_status_t status = make_slots(frame, index);
  if (status == OB_OK) return OB_OK;
  ob_slots_free(frame, index);
  ob_log(OB_LOG_INFO, "'%s': no memory plan for the largest sizes: %s", ob_quote(program->name), ob_error_message());
  return OB_OK;
}

/* ---------------------------------------------------------------- using them */

static bool is_for(const ob_slot_t *slot, const ob_segment_t *segment, const int64_t *symbols) {
  if (!slot->filled) return false;
  for (size_t i = 0; i < segment->symbol_count; i++)
    if (slot->plan->key[i] != symbols[segment->symbols[i]]) return false;
  return true;
}

/* The step's instance for the shapes at hand. *fits false: it wants more room than for the largest ones. */
static ob_status_t bind_step(ob_frame_t *frame, ob_unit_t *unit, const ob_bound_t *like, ob_bound_t **bound, bool *fits) {
  ob_bind_request_t request = {.symbols = frame->context->symbols, .threads = frame->context->threads};
  if (*bound && (*bound)->owned) {
    OB_TRY(ob_bound_rebind(*bound, &request, &frame->context->scratch));
  } else {
    ob_bound_release(*bound);
    *bound = NULL;
    OB_TRY(ob_unit_bind(unit, &request, bound));
  }
  *fits &= (*bound)->info.workspace_bytes <= like->info.workspace_bytes;
  return OB_OK;
}

static ob_status_t refill(ob_frame_t *frame, uint32_t index, ob_slot_t *slot, bool *fits) {
  const ob_segment_t *segment = &frame->program->segments[index];
  const ob_plan_t *largest = frame->segments[index].largest;
  ob_plan_request_t request = request_of(frame, index, frame->context->symbols);
  slot->filled = false;
  *fits = true;
  OB_TRY(ob_plan_shape(&request, slot->plan));
  for (size_t i = 0; i < segment->local_count; i++) *fits &= slot->plan->places[i].bytes <= largest->places[i].bytes;
  for (size_t i = 0; i < slot->plan->bound_count && *fits; i++) {
    if (!largest->bounds[i]) continue;
    ob_status_t status = bind_step(frame, frame->program->steps[segment->begin + i].unit, largest->bounds[i], &slot->plan->bounds[i], fits);
    if (status == OB_OUT_OF_MEMORY) return status;
    if (status != OB_OK) *fits = false; /* the ordinary way knows what to do with an engine that fails */
  }
  slot->filled = *fits;
  return OB_OK;
}

ob_status_t ob_slots_acquire(ob_frame_t *frame, uint32_t index, ob_plan_t **plan) {
  ob_context_t *context = frame->context;
  ob_segment_state_t *state = &frame->segments[index];
  ob_slot_t *oldest = NULL, *found = NULL;
  bool fits = true;
  *plan = NULL;
  if (state->slots && state->largest->generation != atomic_load(&context->model->generation)) { /* an engine was replaced */
    ob_slots_free(frame, index);
    OB_TRY(ob_slots_create(frame, index));
  }
  for (uint32_t i = 0; state->slots && i < context->slots && !found; i++) {
    ob_slot_t *slot = &state->slots[i];
    if (is_for(slot, &frame->program->segments[index], context->symbols)) found = slot;
    else if (!oldest || slot->last_use < oldest->last_use) oldest = slot;
  }
  if (!found && !oldest) return OB_OK;
  if (!found) OB_TRY(refill(frame, index, found = oldest, &fits));
  if (!fits) return OB_OK;
  found->last_use = ++state->clock;
  atomic_fetch_add(&found->plan->references, 1);
  *plan = found->plan;
  return OB_OK;
}
