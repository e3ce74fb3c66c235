/* ob_model_verify: each region once more on the engine `ref`, with the inputs that it gets in a real run. */
#include <string.h>

#include "artifact/artifact.h"
#include "op/op.h"
#include "runtime/bind.h"
#include "runtime/compare.h"
#include "runtime/frame.h"

/* What is known of one region. */
typedef struct checked {
  ob_backend_t *backend;   /* on `ref` */
  ob_holder_t *outputs;    /* what `ref` made of the last inputs */
  uint32_t output_count;
  const char *worst_output;
  ob_difference_t worst, all;
  bool ran, skipped;
} checked_t;

typedef struct verifier {
  ob_model_t *model;
  ob_context_t *context;
  ob_opened_t *ref;
  checked_t *regions; /* [region] */
} verifier_t;

/* A call of `ref`; its outputs go into holders. */
typedef struct reference_call {
  verifier_t *verifier;
  checked_t *checked;
  const ob_step_t *step;
} reference_call_t;

static ob_status_t reference_allocate(const ob_call_t *call, uint32_t output, int32_t rank, const int64_t *dims, void **data) {
  const reference_call_t *reference = call->host;
  ob_holder_t *holder = &reference->checked->outputs[output];
  *data = NULL;
  OB_TRY(ob_holder_shape(reference->verifier->context, holder, reference->step->output_values[output]->type.dtype, rank, dims));
  *data = holder->tensor.data;
  return OB_OK;
}

static ob_status_t reference_put(const ob_call_t *call, uint32_t output, const ob_tensor_t *value) {
  const reference_call_t *reference = call->host;
  return ob_holder_copy(reference->verifier->context, &reference->checked->outputs[output], value);
}

static bool has_random(const ob_graph_t *body) {
  for (size_t n = 0; n < body->nodes.count; n++)
    if (body->nodes.items[n]->op->flags & OB_OP_RANDOM) return true;
  return false;
}

/* The region on `ref`, made when it is first needed. */
static ob_status_t prepare(verifier_t *verifier, const ob_step_t *step, checked_t *checked) {
  if (checked->outputs) return OB_OK;
  checked->skipped = has_random(step->unit->region->body);
  checked->output_count = step->output_count;
  OB_TRY(OB_NEW_ARRAY(verifier->context->allocator, step->output_count, &checked->outputs));
  ob_backend_request_t request = {step->unit, verifier->ref, false};
  return checked->skipped ? OB_OK : ob_backend_create(&request, &checked->backend);
}

static ob_status_t run_reference(verifier_t *verifier, ob_frame_t *frame, const ob_step_t *step, checked_t *checked) {
  ob_context_t *context = verifier->context;
  ob_block_t workspace = {0};
  ob_bound_t *bound;
  ob_bind_request_t request = {.symbols = context->symbols,
                               .inputs = step->kind == OB_STEP_DYNAMIC ? &frame->tensors[step->input_at] : NULL,
                               .threads = context->threads};
  reference_call_t reference = {verifier, checked, step};
  void **outputs;
  OB_TRY(ob_backend_bind(checked->backend, &request, &bound));
  ob_status_t status = OB_NEW_ARRAY(context->allocator, step->output_count, &outputs);
  for (uint32_t o = 0; status == OB_OK && o < step->output_count; o++) {
    const ob_type_t *type = &step->output_values[o]->type;
    checked->outputs[o].filled = false;
    if (bound->output_ranks[o] < 0 || !ob_type_is_plain(type->kind, type->dtype)) continue;
    status = ob_holder_shape(context, &checked->outputs[o], type->dtype, bound->output_ranks[o], bound->output_dims[o]);
    outputs[o] = checked->outputs[o].tensor.data;
  }
  if (status == OB_OK) status = ob_block_reserve(context, &workspace, bound->info.workspace_bytes);
  if (status == OB_OK) {
    ob_call_t call = {.struct_size = sizeof call,
                      .inputs = (const void *const *)&frame->pointers[step->input_at],
                      .outputs = outputs,
                      .workspace = workspace.data,
                      .allocate = reference_allocate,
                      .put = reference_put,
                      .input_tensors = step->full ? &frame->tensors[step->input_at] : NULL,
                      .host = &reference};
    status = bound->run(bound->instance, &call);
  }
  ob_block_free(context, &workspace);
  ob_free(context->allocator, outputs);
  ob_bound_discard(bound);
  return status;
}

static void compare(const ob_frame_t *frame, const ob_step_t *step, checked_t *checked) {
  for (uint32_t o = 0; o < step->output_count; o++) {
    ob_difference_t difference = {0};
    if (!checked->outputs[o].filled) continue;
    ob_compare(&frame->cells[step->outputs[o]], &checked->outputs[o].tensor, &difference);
    checked->all.differing += difference.differing;
    checked->all.elements += difference.elements;
    if (checked->worst_output && difference.max_abs <= checked->worst.max_abs) continue;
    checked->worst = difference;
    checked->worst_output = step->output_values[o]->name;
  }
  checked->ran = true;
}

/* Before the engine runs, since it may write over its inputs; and after. */
static void look(void *user, const ob_step_t *step, ob_frame_t *frame, bool before, ob_status_t *status) {
  verifier_t *verifier = user;
  checked_t *checked = &verifier->regions[step->unit->region->index];
  if (before) {
    *status = prepare(verifier, step, checked);
    if (*status == OB_OK && !checked->skipped) *status = run_reference(verifier, frame, step, checked);
    if (*status != OB_OK) ob_fail_within(*status, "on engine 'ref': ");
  } else if (!checked->skipped) {
    compare(frame, step, checked);
  }
}

static ob_status_t run(verifier_t *verifier, const ob_tensor_t *inputs) {
  ob_tensor_t *outputs;
  OB_TRY(ob_context_create(verifier->model->function, NULL, &verifier->context));
  verifier->context->hook = look;
  verifier->context->hook_user = verifier;
  OB_TRY(OB_NEW_ARRAY(verifier->model->allocator, verifier->model->program->output_count, &outputs));
  ob_status_t status = ob_context_run(verifier->context, inputs, outputs, NULL);
  ob_free(verifier->model->allocator, outputs);
  return status;
}

static void tell(const verifier_t *verifier, void (*result)(void *user, const ob_verify_result_t *), void *user) {
  for (size_t r = 0; r < verifier->model->unit_count; r++) {
    const checked_t *checked = &verifier->regions[r];
    const ob_unit_t *unit = verifier->model->units[r];
    if (!checked->ran) continue; /* in a branch that was not taken, or random */
    ob_verify_result_t one = {.symbol = unit->region->symbol,
                              .engine = atomic_load(&unit->backend)->engine->name,
                              .output = checked->worst_output ? checked->worst_output : "",
                              .max_abs = checked->worst.max_abs,
                              .max_rel = checked->worst.max_rel,
                              .differing = checked->all.differing,
                              .elements = checked->all.elements};
    result(user, &one);
  }
}

static void clean_up(verifier_t *verifier) {
  const ob_model_t *model = verifier->model;
  for (size_t r = 0; verifier->regions && r < model->unit_count; r++) {
    checked_t *checked = &verifier->regions[r];
    ob_backend_free(checked->backend);
    for (uint32_t o = 0; checked->outputs && o < checked->output_count; o++)
      ob_holder_free(verifier->context, &checked->outputs[o]);
    if (checked->outputs) ob_free(verifier->context->allocator, checked->outputs);
  }
  ob_context_close(verifier->context);
  ob_engine_release(verifier->ref);
  ob_free(model->allocator, verifier->regions);
}

ob_status_t ob_model_verify(const ob_model_t *shared, const ob_tensor_t *inputs,
                            void (*result)(void *user, const ob_verify_result_t *), void *user) {
  if (!shared || !result) return ob_fail(OB_INVALID_ARGUMENT, "%s is NULL", shared ? "result" : "model");
  verifier_t verifier = {.model = (ob_model_t *)(uintptr_t)shared};
  ob_model_t *model = verifier.model;
  const ob_sink_t *before = ob_sink_enter(&model->sink);
  ob_status_t status = OB_OK;
  if (model->artifact) status = ob_artifact_check(model->artifact, model->artifact_size, model->allocator);
  if (status == OB_OK) status = ob_engine_acquire("ref", model->engine_path, model->threads, &verifier.ref);
  if (status == OB_OK) status = OB_NEW_ARRAY(model->allocator, model->unit_count, &verifier.regions);
  if (status == OB_OK) status = run(&verifier, inputs);
  if (status == OB_OK) tell(&verifier, result, user);
  clean_up(&verifier);
  ob_sink_leave(before);
  return status;
}
