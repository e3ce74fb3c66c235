/* Contexts: what one caller needs to run a function, and the call itself. */
#include <string.h>

#include "base/thread.h"
#include "runtime/bind.h"
#include "runtime/frame.h"

/* How often a call begins anew because an engine failed and another one took its place. */
enum { MAX_ATTEMPTS = 16 };

/* Shapes that a context of a bounded function has room for, unless the caller says otherwise. */
enum { DEFAULT_SLOTS = 4 };

static ob_status_t fill(ob_context_t *context) {
  const ob_program_t *program = context->function->program;
  OB_TRY(OB_NEW_ARRAY(context->allocator, context->model->symbol_count, &context->symbols));
  OB_TRY(OB_NEW_ARRAY(context->allocator, program->input_count, &context->staging));
  OB_TRY(OB_NEW_ARRAY(context->allocator, program->output_count, &context->provided));
  return ob_frame_create(context, program, &context->frame);
}

ob_status_t ob_context_create(const ob_function_t *function, const ob_options_t *given, ob_context_t **out) {
  ob_options_t options;
  ob_context_t *context;
  if (!out) return ob_fail(OB_INVALID_ARGUMENT, "context is NULL");
  *out = NULL;
  if (!function) return ob_fail(OB_INVALID_ARGUMENT, "function is NULL");
  OB_TRY(ob_options_copy(given, &options, sizeof options));
  const ob_allocator_t *allocator = options.allocator ? options.allocator : function->model->allocator;
  OB_TRY(OB_NEW(allocator, &context));
  context->allocator = allocator;
  context->function = function;
  context->model = function->model;
  context->threads = options.threads > 0 ? options.threads : function->model->threads;
  context->slots = options.max_plans > 0 ? options.max_plans : DEFAULT_SLOTS;
  ob_arena_init(&context->scratch, allocator);
  context->sink = options.log ? (ob_sink_t){options.log, options.log_user} : function->model->sink;
  ob_status_t status = fill(context);
  if (status != OB_OK) {
    ob_context_close(context);
    return status;
  }
  *out = context;
  return OB_OK;
}

void ob_context_close(ob_context_t *context) {
  if (!context) return;
  const ob_allocator_t *allocator = context->allocator;
  for (uint32_t i = 0; context->staging && i < context->function->program->input_count; i++)
    ob_block_free(context, &context->staging[i]);
  ob_frame_free(context->frame);
  ob_free(allocator, context->symbols);
  ob_free(allocator, context->staging);
  ob_free(allocator, context->provided);
  ob_arena_free(&context->scratch);
  ob_free(allocator, context);
}

size_t ob_context_arena_bytes(const ob_context_t *context) { return context->bytes; }

static ob_status_t set_inputs(ob_context_t *context, const ob_tensor_t *inputs) {
  for (uint32_t i = 0; i < context->frame->program->input_count; i++) {
    ob_tensor_t view;
    OB_TRY(ob_context_input(context, i, &inputs[i], &view));
    OB_TRY(ob_frame_set_input(context->frame, i, &view));
  }
  return OB_OK;
}

/* Describes output `o` to the caller, copying it into the caller's buffer when it could not be made there. */
static ob_status_t give_output(ob_context_t *context, uint32_t o, ob_tensor_t *output) {
  const ob_tensor_t *result = ob_frame_output(context->frame, o);
  void *buffer = output->data;
  size_t room = output->bytes;
  bool callers = buffer && buffer != context->provided[o];
  if (callers && buffer != result->data) {
    if (room < result->bytes)
      return ob_fail(OB_INVALID_ARGUMENT, "output '%s' needs %zu bytes, its buffer has %zu",
                     ob_quote(context->function->outputs[o].name), result->bytes, room);
    if (result->bytes > 0) memcpy(buffer, result->data, result->bytes);
  }
  *output = *result;
  if (callers) {
    output->data = buffer;
    output->bytes = room;
  } else {
    context->provided[o] = result->data;
  }
  return OB_OK;
}

static ob_status_t attempt(ob_context_t *context) {
  ob_status_t status = OB_OK;
  for (int i = 0; i < MAX_ATTEMPTS; i++) {
    context->again = false;
    status = ob_frame_run(context->frame);
    if (status == OB_OK || !context->again) break;
  }
  return status;
}

static ob_status_t run(ob_context_t *context, const ob_tensor_t *inputs, ob_tensor_t *outputs) {
  const ob_program_t *program = context->frame->program;
  OB_TRY(set_inputs(context, inputs));
  OB_TRY(ob_context_outputs(context, inputs, outputs));
  if (context->cancel || context->deadline_ns > 0) OB_TRY(ob_context_check(context));
  OB_TRY(attempt(context));
  for (uint32_t o = 0; o < program->output_count; o++) OB_TRY(give_output(context, o, &outputs[o]));
  return OB_OK;
}

ob_status_t ob_context_run(ob_context_t *context, const ob_tensor_t *inputs, ob_tensor_t *outputs,
                           const ob_run_options_t *given) {
  ob_run_options_t options;
  if (!context) return ob_fail(OB_INVALID_ARGUMENT, "context is NULL");
  const ob_program_t *program = context->function->program;
  if ((!inputs && program->input_count > 0) || (!outputs && program->output_count > 0))
    return ob_fail(OB_INVALID_ARGUMENT, "%s is NULL", inputs ? "outputs" : "inputs");
  context->options = NULL;
  context->deadline_ns = 0;
  context->cancel = NULL;
  if (given) {
    OB_TRY(ob_options_copy(given, &options, sizeof options));
    context->options = &options;
    context->deadline_ns = options.deadline_ns;
    context->cancel = options.cancel;
  }
  const ob_sink_t *before = ob_sink_enter(&context->sink);
  ob_status_t status = ob_model_check_files(context->model, run(context, inputs, outputs));
  ob_sink_leave(before);
  context->options = NULL;
  return status;
}
