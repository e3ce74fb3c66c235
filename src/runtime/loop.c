/* Loop: a body run while a condition holds and a trip count lasts; values carried from one iteration to the next; stacked outputs. */
#include <string.h>

#include "runtime/frame.h"

/* A loop in progress. */
typedef struct loop {
  ob_frame_t *frame, *inner;
  const ob_step_t *step;
  ob_step_state_t *state;
  uint32_t at;          /* the step's index */
  uint32_t carried;     /* how many values it carries */
  int64_t trips, done;
  int64_t condition;
} loop_t;

static ob_status_t set_scalar(const loop_t *loop, ob_holder_t *holder, ob_dtype_t dtype, int64_t value) {
  if (!holder->filled) OB_TRY(ob_holder_shape(loop->frame->context, holder, dtype, 0, NULL));
  memcpy(holder->tensor.data, &value, holder->tensor.bytes); /* little-endian: a bool is the low byte */
  return OB_OK;
}

/* The first `count` tensors of the body's inputs, as it declares them: rank 0 or one element of rank 1. */
static ob_status_t set_scalar_input(const loop_t *loop, uint32_t index, const ob_holder_t *holder) {
  static const int64_t one = 1;
  ob_tensor_t tensor = holder->tensor;
  if (loop->inner->program->input_values[index]->type.rank == 1) {
    tensor.rank = 1;
    tensor.dims = &one;
  }
  return ob_frame_set_input(loop->inner, index, &tensor);
}

static ob_status_t set_inputs(const loop_t *loop) {
  OB_TRY(set_scalar(loop, &loop->state->iteration, OB_INT64, loop->done));
  OB_TRY(set_scalar(loop, &loop->state->condition, OB_BOOL, loop->condition != 0));
  OB_TRY(set_scalar_input(loop, 0, &loop->state->iteration));
  OB_TRY(set_scalar_input(loop, 1, &loop->state->condition));
  for (uint32_t i = 0; i < loop->carried; i++) {
    const ob_tensor_t *initial = loop->frame->tensors[loop->step->input_at + 2 + i];
    OB_TRY(ob_frame_set_input(loop->inner, 2 + i, loop->done == 0 ? initial : &loop->state->carried[i].tensor));
  }
  return ob_frame_capture(loop->frame, loop->at, 0);
}

static ob_status_t iterate(loop_t *loop) {
  ob_frame_t *inner = loop->inner;
  OB_TRY(ob_context_check(loop->frame->context));
  OB_TRY(set_inputs(loop));
  for (uint32_t o = 0; o < inner->program->output_count; o++) inner->wanted[o].data = NULL;
  OB_TRY(ob_frame_run(inner));
  OB_TRY(ob_frame_scalar(loop->frame, loop->at, ob_frame_output(inner, 0), "condition", &loop->condition));
  for (uint32_t i = 0; i < loop->carried; i++) OB_TRY(ob_frame_take(inner, 1 + i, &loop->state->carried[i]));
  for (uint32_t k = 1 + loop->carried; k < inner->program->output_count; k++)
    OB_TRY(ob_holder_append(loop->frame->context, &loop->state->outputs[k - 1], loop->done, ob_frame_output(inner, k)));
  loop->done++;
  return OB_OK;
}

static ob_status_t deliver(const loop_t *loop) {
  const ob_program_t *program = loop->inner->program;
  for (uint32_t i = 0; i < loop->carried; i++) {
    ob_holder_t *holder = &loop->state->carried[i];
    if (loop->done == 0) OB_TRY(ob_holder_copy(loop->frame->context, holder, loop->frame->tensors[loop->step->input_at + 2 + i]));
    OB_TRY(ob_frame_deliver(loop->frame, loop->at, i, &holder->tensor));
  }
  for (uint32_t k = loop->carried; k < loop->step->output_count; k++) {
    ob_holder_t *holder = &loop->state->outputs[k];
    const ob_value_t *element = program->values[program->outputs[k + 1]];
    if (loop->done == 0) OB_TRY(ob_holder_empty(loop->frame->context, holder, &element->type));
    OB_TRY(ob_frame_deliver(loop->frame, loop->at, k, &holder->tensor));
  }
  return OB_OK;
}

ob_status_t ob_run_loop(ob_frame_t *frame, uint32_t s) {
  const ob_step_t *step = &frame->program->steps[s];
  loop_t loop = {.frame = frame,
                 .inner = frame->states[s].frames[0],
                 .step = step,
                 .state = &frame->states[s],
                 .at = s,
                 .carried = step->input_count - 2,
                 .trips = INT64_MAX,
                 .condition = 1};
  const ob_tensor_t *trips = frame->tensors[step->input_at], *condition = frame->tensors[step->input_at + 1];
  if (loop.inner->program->output_count != step->output_count + 1)
    return ob_fail(OB_INVALID_MODEL, "node '%s': its body has %u outputs, expected %u", ob_quote(step->name),
                   loop.inner->program->output_count, step->output_count + 1);
  if (trips) OB_TRY(ob_frame_scalar(frame, s, trips, "trip count", &loop.trips));
  if (condition) OB_TRY(ob_frame_scalar(frame, s, condition, "condition", &loop.condition));
  while (loop.done < loop.trips && loop.condition) {
    ob_status_t status = iterate(&loop);
    if (status != OB_OK)
      return ob_fail_within(status, "node '%s', iteration %lld: ", ob_quote(step->name), (long long)loop.done);
  }
  return deliver(&loop);
}
