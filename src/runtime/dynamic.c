/* Dynamic regions: bound when their inputs exist; outputs whose shapes even then are open are made by the engine as it runs. */
#include "base/checked.h"
#include "runtime/bind.h"
#include "runtime/frame.h"

static ob_holder_t *holder_of(const ob_call_t *call, uint32_t output, uint32_t *value) {
  ob_step_state_t *state = call->host;
  const ob_step_t *step = &state->frame->program->steps[state->step];
  if (output >= step->output_count) return NULL;
  *value = step->outputs[output];
  return &state->outputs[output];
}

ob_status_t ob_call_allocate(const ob_call_t *call, uint32_t output, int32_t rank, const int64_t *dims, void **data) {
  ob_step_state_t *state = call->host;
  ob_frame_t *frame = state->frame;
  uint32_t value;
  ob_holder_t *holder = holder_of(call, output, &value);
  *data = NULL;
  if (!holder || !frame->program->deferred[value])
    return ob_fail(OB_ENGINE_ERROR, "the engine asks for room for output %u, which has room", output);
  const ob_type_t *type = &frame->program->values[value]->type;
  if (rank < 0 || rank > OB_MAX_RANK || (type->rank >= 0 && rank != type->rank))
    return ob_fail(OB_ENGINE_ERROR, "the engine makes '%s' of rank %d, expected %d",
                   ob_quote(frame->program->values[value]->name), rank, type->rank);
  OB_TRY(ob_holder_shape(frame->context, holder, type->dtype, rank, dims));
  ob_frame_set_cell(frame, value, &holder->tensor);
  *data = holder->tensor.data;
  return OB_OK;
}

ob_status_t ob_call_put(const ob_call_t *call, uint32_t output, const ob_tensor_t *tensor) {
  ob_step_state_t *state = call->host;
  ob_frame_t *frame = state->frame;
  uint32_t value;
  ob_holder_t *holder = holder_of(call, output, &value);
  if (!holder || !frame->program->deferred[value])
    return ob_fail(OB_ENGINE_ERROR, "the engine puts output %u, which has room already", output);
  const ob_value_t *declared = frame->program->values[value];
  if (tensor->kind != declared->type.kind ||
      (tensor->kind == OB_TENSOR && declared->type.rank >= 0 && tensor->rank != declared->type.rank))
    return ob_fail(OB_ENGINE_ERROR, "the engine puts '%s' of another kind or rank than the model says",
                   ob_quote(declared->name));
  OB_TRY(ob_holder_copy(frame->context, holder, tensor));
  ob_frame_set_cell(frame, value, &holder->tensor);
  return OB_OK;
}

/* Checks a shape that the plan foresaw against what binding found. */
static ob_status_t check_planned(const ob_frame_t *frame, uint32_t value, int32_t rank, const int64_t *dims) {
  const ob_tensor_t *cell = &frame->cells[value];
  for (int32_t i = 0; i < rank; i++)
    if (rank != cell->rank || dims[i] != cell->dims[i])
      return ob_fail(OB_INVALID_ARGUMENT, "axis %d of '%s' comes to %lld", i, ob_quote(frame->program->values[value]->name),
                     (long long)dims[i]);
  return OB_OK;
}

/* Room for the outputs whose shapes are known now; NULL for the others. */
static ob_status_t prepare_outputs(ob_frame_t *frame, const ob_step_t *step, ob_step_state_t *state, const ob_bound_t *bound) {
  for (uint32_t o = 0; o < step->output_count; o++) {
    uint32_t v = step->outputs[o];
    const ob_type_t *type = &frame->program->values[v]->type;
    int32_t rank = bound->output_ranks[o];
    if (!frame->program->deferred[v]) {
      if (rank >= 0) OB_TRY(check_planned(frame, v, rank, bound->output_dims[o]));
      continue;
    }
    state->outputs[o].filled = false;
    frame->cells[v].data = NULL; /* so that the pointers are set anew below */
    frame->pointers[step->output_at + o] = NULL;
    if (rank < 0 || !ob_type_is_plain(type->kind, type->dtype)) continue;
    if (type->rank >= 0 && type->rank != rank)
      return ob_fail(OB_INTERNAL, "'%s' has rank %d, expected %d", ob_quote(frame->program->values[v]->name), rank, type->rank);
    OB_TRY(ob_holder_shape(frame->context, &state->outputs[o], type->dtype, rank, bound->output_dims[o]));
    ob_frame_set_cell(frame, v, &state->outputs[o].tensor);
  }
  return OB_OK;
}

ob_status_t ob_run_dynamic(ob_frame_t *frame, uint32_t s) {
  const ob_step_t *step = &frame->program->steps[s];
  ob_step_state_t *state = &frame->states[s];
  ob_bind_request_t request = {.symbols = frame->context->symbols,
                               .inputs = &frame->tensors[step->input_at],
                               .threads = frame->context->threads};
  ob_bound_t *bound;
  OB_TRY(ob_unit_bind(step->unit, &request, &bound));
  ob_bound_release(state->bound);
  state->bound = bound;
  OB_TRY(prepare_outputs(frame, step, state, bound));
  OB_TRY(ob_block_reserve(frame->context, &state->workspace, bound->info.workspace_bytes));
  frame->calls[s].workspace = state->workspace.data;
  return ob_run_engine(frame, s, bound);
}
