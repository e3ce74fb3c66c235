/* A region as a session of ONNX Runtime. Sessions are called from many threads at once. */
#include "onnxruntime/session.h"

#include <string.h>

enum { MANY = 64 }; /* tensors of a call that need no allocation */

struct ob_whole_model {
  ob_whole_library_t *library;
  OrtSession *session;
  size_t input_count, output_count;
  char **names; /* inputs, outputs: the library's own order */
};

/* ---------------------------------------------------------------- making */

/* Threads wait asleep: those of another engine need the CPUs while this one has nothing to do. */
static ob_status_t set_options(const ob_whole_library_t *library, OrtSessionOptions *options, uint32_t threads) {
  const ob_ort_api_t *api = &library->api;
  const char *literally = library->fuses_quantized ? "0" : "1";
  OB_TRY(ob_ort_check(api, api->set_optimization(options, OB_ORT_OPTIMIZE_ALL), "optimise"));
  OB_TRY(ob_ort_check(api, api->set_intra_threads(options, (int)threads), "take a number of threads"));
  OB_TRY(ob_ort_check(api, api->set_inter_threads(options, 1), "take a number of threads"));
  OB_TRY(ob_ort_check(api, api->set_entry(options, "session.intra_op.allow_spinning", "0"), "keep its threads asleep"));
  return ob_ort_check(api, api->set_entry(options, "session.disable_quant_qdq", literally), "take QDQ literally");
}

static ob_status_t create_session(ob_whole_model_t *model, const ob_whole_request_t *request) {
  const ob_ort_api_t *api = &model->library->api;
  OrtSessionOptions *options;
  OB_TRY(ob_ort_check(api, api->create_session_options(&options), "make options"));
  ob_status_t status = set_options(model->library, options, request->threads);
  if (status == OB_OK)
    status = ob_ort_check(api, api->create_session(model->library->env, request->bytes, request->size, options, &model->session), "take the region");
  if (status != OB_OK) model->session = NULL;
  api->release_session_options(options);
  return status;
}

static ob_status_t take_names(ob_whole_model_t *model, const ob_region_view_t *region) {
  const ob_ort_api_t *api = &model->library->api;
  OB_TRY(ob_ort_check(api, api->input_count(model->session, &model->input_count), "count inputs"));
  OB_TRY(ob_ort_check(api, api->output_count(model->session, &model->output_count), "count outputs"));
  if (model->input_count != region->input_count || model->output_count != region->output_count)
    return ob_fail(OB_ENGINE_ERROR, "ONNX Runtime made %zu inputs and %zu outputs of %zu and %zu", model->input_count, model->output_count,
                   region->input_count, region->output_count);
  OB_TRY(OB_NEW_ARRAY(ob_kit_host()->allocator, model->input_count + model->output_count, &model->names));
  for (size_t i = 0; i < model->input_count; i++)
    OB_TRY(ob_ort_check(api, api->input_name(model->session, i, model->library->allocator, &model->names[i]), "name an input"));
  for (size_t i = 0; i < model->output_count; i++) {
    char **name = &model->names[model->input_count + i];
    OB_TRY(ob_ort_check(api, api->output_name(model->session, i, model->library->allocator, name), "name an output"));
  }
  return OB_OK;
}

ob_status_t ob_ort_build(ob_whole_library_t *library, const ob_whole_request_t *request, ob_whole_model_t **out) {
  ob_whole_model_t *model;
  OB_TRY(OB_NEW(ob_kit_host()->allocator, &model));
  model->library = library;
  ob_status_t status = create_session(model, request);
  if (status == OB_OK) status = take_names(model, request->region);
  if (status != OB_OK) {
    ob_ort_release(model);
    return status;
  }
  *out = model;
  return OB_OK;
}

void ob_ort_release(ob_whole_model_t *model) {
  const ob_ort_api_t *api = &model->library->api;
  for (size_t i = 0; model->names && i < model->input_count + model->output_count; i++) {
    OrtStatus *status = model->names[i] ? api->allocator_free(model->library->allocator, model->names[i]) : NULL;
    if (status) api->release_status(status);
  }
  ob_free(ob_kit_host()->allocator, model->names);
  if (model->session) api->release_session(model->session);
  ob_free(ob_kit_host()->allocator, model);
}

/* ---------------------------------------------------------------- running */

/* The caller's memory as a value of the library. Element types have the same numbers. */
static ob_status_t wrap(const ob_whole_library_t *library, const ob_whole_tensor_t *tensor, OrtValue **value) {
  static uint64_t nothing;
  void *data = tensor->data ? tensor->data : &nothing;
  return ob_ort_check(&library->api, library->api.wrap_tensor(library->memory, data, tensor->bytes, tensor->dims, (size_t)tensor->rank, (int)tensor->dtype, value),
                      "take a tensor");
}

static ob_status_t read_shape(const ob_ort_api_t *api, const OrtShapeInfo *info, int64_t *dims, ob_whole_tensor_t *found) {
  size_t rank = 0;
  int type = 0;
  OB_TRY(ob_ort_check(api, api->element_type(info, &type), "tell an output's type"));
  OB_TRY(ob_ort_check(api, api->rank(info, &rank), "tell an output's rank"));
  if (rank > OB_MAX_RANK) return ob_fail(OB_ENGINE_ERROR, "an output has rank %zu", rank);
  OB_TRY(ob_ort_check(api, api->dims(info, dims, rank), "tell an output's shape"));
  found->dtype = (ob_dtype_t)type;
  found->rank = (int32_t)rank;
  found->dims = dims;
  return ob_tensor_bytes(found->dtype, found->rank, dims, &found->bytes) ? OB_OK : ob_fail(OB_ENGINE_ERROR, "an output is too large");
}

/* An output whose shape bind did not know lies in the library's memory. */
static ob_status_t emit(const ob_ort_api_t *api, const ob_whole_run_t *run, size_t index, OrtValue *value) {
  int64_t dims[OB_MAX_RANK];
  ob_whole_tensor_t found = {0};
  OrtShapeInfo *info;
  OB_TRY(ob_ort_check(api, api->shape_info(value, &info), "tell an output's shape"));
  ob_status_t status = read_shape(api, info, dims, &found);
  api->release_shape_info(info);
  OB_TRY(status);
  OB_TRY(ob_ort_check(api, api->tensor_data(value, &found.data), "give an output"));
  return ob_whole_emit(run, index, &found);
}

/* `values`: inputs, outputs; the caller releases those that are not NULL. */
static ob_status_t run_values(const ob_whole_model_t *model, const ob_whole_run_t *run, OrtValue **values) {
  const ob_ort_api_t *api = &model->library->api;
  OrtValue **outputs = values + model->input_count;
  for (size_t i = 0; i < model->input_count; i++) OB_TRY(wrap(model->library, &run->inputs[i], &values[i]));
  for (size_t i = 0; i < model->output_count; i++)
    if (run->outputs[i].rank >= 0) OB_TRY(wrap(model->library, &run->outputs[i], &outputs[i]));
  const char *const *names = (const char *const *)model->names;
  OB_TRY(ob_ort_check(api, api->run(model->session, NULL, names, (const OrtValue *const *)values, model->input_count, names + model->input_count, model->output_count, outputs),
                      "run the region"));
  for (size_t i = 0; i < model->output_count; i++)
    if (run->outputs[i].rank < 0) OB_TRY(emit(api, run, i, outputs[i]));
  return OB_OK;
}

ob_status_t ob_ort_run(ob_whole_model_t *model, const ob_whole_run_t *run) {
  OrtValue *few[MANY] = {0}, **values = few;
  size_t count = model->input_count + model->output_count;
  if (count > MANY) OB_TRY(OB_NEW_ARRAY(ob_kit_host()->allocator, count, &values));
  ob_status_t status = run_values(model, run, values);
  for (size_t i = 0; i < count; i++)
    if (values[i]) model->library->api.release_value(values[i]);
  if (values != few) ob_free(ob_kit_host()->allocator, values);
  return status;
}
