/* A region on OpenVINO: compiled from ONNX or imported from a blob, written as a blob, and run by a pool of infer requests. */
#include "openvino/model.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { KEPT_RANK = 8 };

/* What a tensor of a request points to, so that the same call again sets nothing. */
typedef struct kept {
  const void *data; /* NULL: nothing was set */
  int32_t rank;
  int64_t dims[KEPT_RANK];
} kept_t;

/* An infer request serves one call at a time. */
typedef struct request {
  ov_infer_request_t *infer;
  struct request *next;
  bool sets_outputs;
  kept_t kept[]; /* inputs, outputs */
} request_t;

struct ob_whole_model {
  ob_whole_library_t *library;
  ov_compiled_model_t *compiled;
  size_t input_count, output_count;
  pthread_mutex_t lock; /* over `idle` */
  request_t *idle;
};

/* ---------------------------------------------------------------- making */

static ob_status_t compile(ob_whole_library_t *library, const ob_whole_request_t *request, ov_compiled_model_t **compiled) {
  const ov_api_t *api = &library->api;
  ov_model_t *model = NULL;
  if (request->saved) {
    ov_status_e code = api->core_import_model(library->core, request->bytes, request->size, "CPU", compiled);
    return code == 0 ? OB_OK : ob_openvino_fail(api, code, "take what it saved");
  }
  ov_status_e code = api->core_read_model(library->core, request->bytes, request->size, NULL, &model);
  if (code != 0) return ob_openvino_fail(api, code, "read the region");
  code = api->core_compile_model(library->core, model, "CPU", 0, compiled);
  api->model_free(model);
  return code == 0 ? OB_OK : ob_openvino_fail(api, code, "compile the region");
}

/* The number of threads is the core's while it compiles or imports: an import takes no options of its own. */
static ob_status_t compile_for(ob_whole_library_t *library, const ob_whole_request_t *request, ov_compiled_model_t **compiled) {
  char threads[16];
  snprintf(threads, sizeof threads, "%u", request->threads);
  pthread_mutex_lock(&library->lock);
  ov_status_e code = library->api.core_set_property(library->core, "CPU", "INFERENCE_NUM_THREADS", threads);
  ob_status_t status = code == 0 ? compile(library, request, compiled) : ob_openvino_fail(&library->api, code, "take a number of threads");
  pthread_mutex_unlock(&library->lock);
  return status;
}

static ob_status_t count_ports(ob_whole_model_t *model, const ob_region_view_t *region) {
  const ov_api_t *api = &model->library->api;
  ov_status_e code = api->compiled_inputs(model->compiled, &model->input_count);
  if (code == 0) code = api->compiled_outputs(model->compiled, &model->output_count);
  if (code != 0) return ob_openvino_fail(api, code, "count inputs and outputs");
  if (model->input_count != region->input_count || model->output_count != region->output_count)
    return ob_fail(OB_ENGINE_ERROR, "OpenVINO made %zu inputs and %zu outputs of %zu and %zu", model->input_count, model->output_count,
                   region->input_count, region->output_count);
  return OB_OK;
}

ob_status_t ob_openvino_build(ob_whole_library_t *library, const ob_whole_request_t *request, ob_whole_model_t **out) {
  ob_whole_model_t *model;
  OB_TRY(OB_NEW(ob_kit_host()->allocator, &model));
  model->library = library;
  pthread_mutex_init(&model->lock, NULL);
  ob_status_t status = compile_for(library, request, &model->compiled);
  if (status == OB_OK) status = count_ports(model, request->region);
  if (status != OB_OK) {
    ob_openvino_release(model);
    return status;
  }
  *out = model;
  return OB_OK;
}

/* ---------------------------------------------------------------- saving */

static ob_status_t read_back(int file, void **blob, size_t *size) {
  struct stat found;
  if (fstat(file, &found) != 0 || found.st_size <= 0) return ob_fail(OB_IO_ERROR, "OpenVINO wrote nothing");
  *size = (size_t)found.st_size;
  OB_TRY(ob_alloc_aligned(ob_kit_host()->allocator, *size, 64, blob));
  for (size_t done = 0; done < *size;) {
    ssize_t got = pread(file, (char *)*blob + done, *size - done, (off_t)done);
    if (got <= 0) {
      ob_free(ob_kit_host()->allocator, *blob);
      *blob = NULL;
      return ob_fail(OB_IO_ERROR, "what OpenVINO wrote cannot be read");
    }
    done += (size_t)got;
  }
  return OB_OK;
}

/* Its C API writes to a path only: a file in memory has one. */
ob_status_t ob_openvino_save(const ob_whole_model_t *model, void **blob, size_t *size) {
  const ov_api_t *api = &model->library->api;
  char path[64];
  int file = memfd_create("outboard-openvino", MFD_CLOEXEC);
  if (file < 0) return ob_fail(OB_IO_ERROR, "no file in memory for OpenVINO to write to");
  snprintf(path, sizeof path, "/proc/self/fd/%d", file);
  ov_status_e code = api->compiled_export(model->compiled, path);
  ob_status_t status = code == 0 ? read_back(file, blob, size) : ob_openvino_fail(api, code, "save the region");
  close(file);
  return status;
}

/* ---------------------------------------------------------------- running */

static void free_request(const ov_api_t *api, request_t *request) {
  if (!request) return;
  if (request->infer) api->request_free(request->infer);
  ob_free(ob_kit_host()->allocator, request);
}

static ob_status_t new_request(ob_whole_model_t *model, request_t **out) {
  const ov_api_t *api = &model->library->api;
  request_t *request;
  OB_TRY(ob_alloc(ob_kit_host()->allocator, sizeof *request + (model->input_count + model->output_count) * sizeof(kept_t), (void **)&request));
  ov_status_e code = api->compiled_request(model->compiled, &request->infer);
  if (code != 0) {
    request->infer = NULL;
    free_request(api, request);
    return ob_openvino_fail(api, code, "make an infer request");
  }
  *out = request;
  return OB_OK;
}

/* One that is idle, or a new one. `fresh`: its outputs must never have been set, for there is no way back to OpenVINO's own memory. */
static ob_status_t take_request(ob_whole_model_t *model, bool fresh, request_t **out) {
  pthread_mutex_lock(&model->lock);
  request_t **link = &model->idle;
  while (*link && fresh && (*link)->sets_outputs) link = &(*link)->next;
  *out = *link;
  if (*out) *link = (*out)->next;
  pthread_mutex_unlock(&model->lock);
  return *out ? OB_OK : new_request(model, out);
}

static void give_back(ob_whole_model_t *model, request_t *request) {
  pthread_mutex_lock(&model->lock);
  request->next = model->idle;
  model->idle = request;
  pthread_mutex_unlock(&model->lock);
}

static bool is_kept(const kept_t *kept, const ob_whole_tensor_t *tensor) {
  return kept->data && kept->data == tensor->data && kept->rank == tensor->rank &&
         memcmp(kept->dims, tensor->dims, (size_t)kept->rank * sizeof *kept->dims) == 0;
}

static void keep(kept_t *kept, const ob_whole_tensor_t *tensor) {
  kept->data = tensor->rank <= KEPT_RANK ? tensor->data : NULL;
  kept->rank = tensor->rank <= KEPT_RANK ? tensor->rank : 0;
  if (kept->rank > 0) memcpy(kept->dims, tensor->dims, (size_t)kept->rank * sizeof *kept->dims);
}

typedef ov_status_e (*setter_t)(ov_infer_request_t *request, size_t index, const ov_tensor_t *tensor);

/* Hands the caller's memory to the request. */
static ob_status_t set_tensor(const ov_api_t *api, request_t *request, size_t index, kept_t *kept, const ob_whole_tensor_t *tensor, setter_t set) {
  ov_tensor_t *wrapped = NULL;
  if (is_kept(kept, tensor)) return OB_OK;
  kept->data = NULL;
  ov_shape_t shape = {tensor->rank, (int64_t *)(uintptr_t)tensor->dims};
  ov_status_e code = api->tensor_wrap(ob_openvino_type(tensor->dtype), shape, tensor->data, &wrapped);
  if (code == 0) code = set(request->infer, index, wrapped);
  if (wrapped) api->tensor_free(wrapped);
  if (code != 0) return ob_openvino_fail(api, code, "take a tensor");
  keep(kept, tensor);
  return OB_OK;
}

static ob_status_t set_tensors(ob_whole_model_t *model, const ob_whole_run_t *run, request_t *request) {
  const ov_api_t *api = &model->library->api;
  kept_t *outputs = request->kept + model->input_count;
  for (size_t i = 0; i < model->input_count; i++)
    OB_TRY(set_tensor(api, request, i, &request->kept[i], &run->inputs[i], api->request_set_input));
  for (size_t i = 0; i < model->output_count; i++) {
    if (run->outputs[i].rank < 0) continue;
    request->sets_outputs = true;
    OB_TRY(set_tensor(api, request, i, &outputs[i], &run->outputs[i], api->request_set_output));
  }
  return OB_OK;
}

/* The shape of a tensor, to be freed. The C API has none for a scalar: it fails. */
static ob_status_t shape_of(const ov_api_t *api, const ov_tensor_t *tensor, ov_shape_t *shape) {
  size_t count = 0;
  *shape = (ov_shape_t){0};
  ov_status_e code = api->tensor_shape(tensor, shape);
  if (code == 0) return OB_OK;
  *shape = (ov_shape_t){0};
  if (api->tensor_size(tensor, &count) == 0 && count == 1) return OB_OK;
  return ob_openvino_fail(api, code, "tell the shape of an output");
}

/* What OpenVINO found, in its own memory or the caller's. */
static ob_status_t look_at(const ov_api_t *api, const ov_tensor_t *tensor, ob_whole_tensor_t *found) {
  unsigned type = 0;
  ov_status_e code = api->tensor_type(tensor, &type);
  if (code == 0) code = api->tensor_bytes(tensor, &found->bytes);
  if (code == 0) code = api->tensor_data(tensor, &found->data);
  if (code != 0) return ob_openvino_fail(api, code, "give an output");
  if (type != ob_openvino_type(found->dtype)) return ob_fail(OB_ENGINE_ERROR, "OpenVINO gives an output in another element type");
  return OB_OK;
}

/* Of an output: checks the shape of one that lies in the caller's memory, passes on one that does not. */
static ob_status_t take_tensor(const ov_api_t *api, const ob_whole_run_t *run, size_t index, const ov_tensor_t *tensor) {
  const ob_whole_tensor_t *want = &run->outputs[index];
  ob_whole_tensor_t found = *want;
  ov_shape_t shape;
  OB_TRY(shape_of(api, tensor, &shape));
  found.rank = (int32_t)shape.rank;
  found.dims = shape.dims;
  ob_status_t status = want->rank >= 0 ? ob_whole_check(run, index, found.rank, found.dims) : OB_OK;
  if (status == OB_OK) status = look_at(api, tensor, &found);
  if (status == OB_OK && want->rank < 0) status = ob_whole_emit(run, index, &found);
  else if (status == OB_OK && found.data != want->data) memcpy(want->data, found.data, want->bytes);
  if (shape.dims) api->shape_free(&shape);
  return status;
}

static ob_status_t run_request(ob_whole_model_t *model, const ob_whole_run_t *run, request_t *request) {
  const ov_api_t *api = &model->library->api;
  OB_TRY(set_tensors(model, run, request));
  ov_status_e code = api->request_infer(request->infer);
  if (code != 0) return ob_openvino_fail(api, code, "run the region");
  for (size_t i = 0; i < model->output_count; i++) {
    ov_tensor_t *tensor = NULL;
    code = api->request_get_output(request->infer, i, &tensor);
    if (code != 0) return ob_openvino_fail(api, code, "give an output");
    ob_status_t status = take_tensor(api, run, i, tensor);
    api->tensor_free(tensor);
    OB_TRY(status);
  }
  return OB_OK;
}

ob_status_t ob_openvino_run(ob_whole_model_t *model, const ob_whole_run_t *run) {
  request_t *request;
  bool fresh = false;
  for (size_t i = 0; i < model->output_count; i++) fresh |= run->outputs[i].rank < 0;
  OB_TRY(take_request(model, fresh, &request));
  ob_status_t status = run_request(model, run, request);
  if (status == OB_OK) give_back(model, request);
  else free_request(&model->library->api, request); /* in which state, nobody knows */
  return status;
}

void ob_openvino_release(ob_whole_model_t *model) {
  const ov_api_t *api = &model->library->api;
  while (model->idle) {
    request_t *next = model->idle->next;
    free_request(api, model->idle);
    model->idle = next;
  }
  if (model->compiled) api->compiled_free(model->compiled);
  pthread_mutex_destroy(&model->lock);
  ob_free(ob_kit_host()->allocator, model);
}
