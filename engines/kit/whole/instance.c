/* Instances: shapes of a binding and the model that serves them; calls pass the caller's pointers on. */
#include <string.h>

#include "kit/whole/internal.h"

/* Bytes that the tensors of a call take in its workspace: they get their data there. */
static size_t tensors_bytes(const ob_region_view_t *region) {
  return (region->input_count + region->output_count) * sizeof(ob_whole_tensor_t);
}

static ob_status_t copy_shape(const ob_allocator_t *allocator, const ob_binding_t *binding, const ob_value_view_t *value, ob_whole_tensor_t *out) {
  int32_t rank = binding->ranks[value->index];
  int64_t *dims;
  *out = (ob_whole_tensor_t){.dtype = value->dtype, .rank = -1};
  if (rank < 0 || !binding->dims[value->index]) return OB_OK;
  if (!ob_tensor_bytes(value->dtype, rank, binding->dims[value->index], &out->bytes))
    return ob_fail(OB_OUT_OF_MEMORY, "value '%s' is too large", ob_quote(value->name));
  OB_TRY(OB_NEW_ARRAY(allocator, (size_t)rank, &dims));
  if (rank > 0) memcpy(dims, binding->dims[value->index], (size_t)rank * sizeof *dims);
  out->rank = rank;
  out->dims = dims;
  return OB_OK;
}

/* Libraries differ in what they make of tensors without elements: other engines are surer of them. */
static ob_status_t refuse_empty(const ob_binding_t *binding) {
  for (size_t v = 0; v < binding->region->value_count; v++)
    for (int32_t i = 0; binding->dims[v] && i < binding->ranks[v]; i++)
      if (binding->dims[v][i] == 0) return ob_fail(OB_UNSUPPORTED, "value '%s' is empty", ob_quote(binding->region->values[v]->name));
  return OB_OK;
}

static ob_status_t fill(ob_executable_t *executable, const ob_binding_t *binding, ob_instance_t *instance) {
  const ob_region_view_t *region = executable->region;
  const ob_allocator_t *allocator = executable->engine->host->allocator;
  size_t count = region->input_count + region->output_count;
  OB_TRY(OB_NEW_ARRAY(allocator, count, &instance->tensors));
  for (size_t i = 0; i < count; i++) {
    const ob_value_view_t *value = i < region->input_count ? region->inputs[i] : region->outputs[i - region->input_count];
    OB_TRY(copy_shape(allocator, binding, value, &instance->tensors[i]));
    if (i < region->input_count && instance->tensors[i].rank < 0)
      return ob_fail(OB_UNSUPPORTED, "the shape of input '%s' is not known", ob_quote(value->name));
  }
  return ob_whole_model(executable, binding, &instance->owns, &instance->model);
}

ob_status_t ob_whole_bind(ob_executable_t *executable, const ob_binding_t *binding, ob_instance_info_t *info, ob_instance_t **out) {
  ob_instance_t *instance;
  *out = NULL;
  OB_TRY(refuse_empty(binding));
  OB_TRY(OB_NEW(executable->engine->host->allocator, &instance));
  instance->executable = executable;
  ob_status_t status = fill(executable, binding, instance);
  if (status != OB_OK) {
    ob_whole_release_instance(instance);
    return status;
  }
  info->workspace_bytes = tensors_bytes(executable->region);
  *out = instance;
  return OB_OK;
}

ob_status_t ob_whole_run(const ob_instance_t *instance, const ob_call_t *call) {
  const ob_region_view_t *region = instance->executable->region;
  ob_whole_tensor_t *tensors = call->workspace;
  memcpy(tensors, instance->tensors, tensors_bytes(region));
  for (size_t i = 0; i < region->input_count; i++) tensors[i].data = (void *)(uintptr_t)call->inputs[i];
  for (size_t i = 0; i < region->output_count; i++) tensors[region->input_count + i].data = call->outputs[i];
  ob_whole_run_t run = {region, call, tensors, tensors + region->input_count};
  ob_status_t status = instance->executable->engine->whole->run(instance->model, &run);
  return status == OB_OK ? OB_OK : ob_fail_within(status, "region '%s': ", ob_quote(region->symbol));
}

void ob_whole_release_instance(ob_instance_t *instance) {
  if (!instance) return;
  const ob_engine_t *engine = instance->executable->engine;
  const ob_region_view_t *region = instance->executable->region;
  if (instance->owns && instance->model) engine->whole->release(instance->model);
  for (size_t i = 0; instance->tensors && i < region->input_count + region->output_count; i++)
    ob_free(engine->host->allocator, (void *)(uintptr_t)instance->tensors[i].dims);
  ob_free(engine->host->allocator, instance->tensors);
  ob_free(engine->host->allocator, instance);
}

ob_status_t ob_whole_emit(const ob_whole_run_t *run, size_t output, const ob_whole_tensor_t *found) {
  void *data;
  size_t bytes;
  if (!ob_tensor_bytes(found->dtype, found->rank, found->dims, &bytes) || bytes != found->bytes || found->dtype != run->outputs[output].dtype)
    return ob_fail(OB_INTERNAL, "output '%s' is not of the type that it should be", ob_quote(run->region->outputs[output]->name));
  OB_TRY(run->call->allocate(run->call, (uint32_t)output, found->rank, found->dims, &data));
  if (bytes > 0) memcpy(data, found->data, bytes);
  return OB_OK;
}

ob_status_t ob_whole_check(const ob_whole_run_t *run, size_t output, int32_t rank, const int64_t *dims) {
  const ob_whole_tensor_t *want = &run->outputs[output];
  if (rank == want->rank && (rank == 0 || memcmp(dims, want->dims, (size_t)rank * sizeof *dims) == 0)) return OB_OK;
  return ob_fail(OB_ENGINE_ERROR, "output '%s' came out in another shape than the one that was inferred",
                 ob_quote(run->region->outputs[output]->name));
}
