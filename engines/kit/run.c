/* run: fills in the call's pointers and calls the kernels one after the other. Allocates nothing: what changes is in the workspace. */
#include <stddef.h>
#include <string.h>
#include <time.h>

#include "kit/internal.h"

size_t ob_tensor_count(const ob_tensor_t *tensor) {
  size_t count = 1;
  for (int32_t i = 0; i < tensor->rank; i++) count *= (size_t)tensor->dims[i];
  return count;
}

ob_status_t ob_kernel_poll(const ob_kernel_call_t *kernel) {
  const ob_call_t *call = kernel->call;
  if (call->cancel && __atomic_load_n(call->cancel, __ATOMIC_RELAXED)) return ob_fail(OB_CANCELLED, "cancelled");
  if (call->deadline_ns == 0) return OB_OK;
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  if ((uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec < call->deadline_ns) return OB_OK;
  return ob_fail(OB_DEADLINE_EXCEEDED, "the deadline has passed");
}

/* The tensor of value `v` in this call. */
static void place_tensor(const ob_instance_t *instance, const ob_call_t *call, size_t v, ob_tensor_t *tensor) {
  const ob_place_t *place = &instance->places[v];
  switch (place->kind) {
    case OB_PLACE_NONE: break;
    case OB_PLACE_RUN: break;
    case OB_PLACE_FIXED: tensor->data = (void *)(uintptr_t)place->fixed; break;
    case OB_PLACE_INPUT:
      if (call->input_tensors && call->input_tensors[place->index]) {
        int32_t rank = tensor->rank;
        const int64_t *dims = tensor->dims;
        *tensor = *call->input_tensors[place->index];
        if (rank >= 0 && tensor->kind == OB_TENSOR) { /* a view of an input has its own shape */
          tensor->rank = rank;
          tensor->dims = dims;
        }
      } else {
        tensor->data = (void *)(uintptr_t)call->inputs[place->index];
      }
      break;
    case OB_PLACE_OUTPUT: tensor->data = call->outputs[place->index]; break;
    case OB_PLACE_WORKSPACE: tensor->data = (char *)call->workspace + place->offset; break;
  }
}

static ob_status_t finish(const ob_instance_t *instance, const ob_call_t *call, const ob_tensor_t *tensors) {
  for (size_t c = 0; c < instance->copy_count; c++) {
    const ob_copy_t *copy = &instance->copies[c];
    if (copy->put)
      OB_TRY(call->put(call, copy->output, &tensors[copy->value]));
    else if (copy->bytes > 0)
      memcpy(call->outputs[copy->output], tensors[copy->value].data, copy->bytes);
  }
  return OB_OK;
}

static ob_status_t run_step(const ob_step_t *step, ob_inner_call_t *inner, ob_tensor_t **links) {
  ob_kernel_call_t *call = &inner->call;
  call->node = step->node;
  call->attribute_ints = step->attribute_ints;
  call->inputs = (const ob_tensor_t *const *)(links + step->first_link);
  call->outputs = links + step->first_link + step->node->input_count;
  call->state = step->state;
  call->scratch = (char *)call->call->workspace + step->scratch;
  ob_status_t status = ob_kernel_poll(call);
  if (status == OB_OK) status = step->kernel->run(call);
  if (status == OB_OK) return OB_OK;
  return ob_fail_within(status, "node %s (%s): ", ob_quote(step->node->name), step->node->op);
}

/* All kernels, one after the other. */
static ob_status_t run_steps(const ob_instance_t *instance, const ob_call_t *call, ob_call_block_t **blocks) {
  ob_tensor_t *tensors = call->workspace;
  ob_tensor_t **links = (ob_tensor_t **)(void *)((char *)call->workspace + instance->links_at);
  if (instance->value_count > 0) memcpy(tensors, instance->tensors, instance->value_count * sizeof *tensors);
  for (size_t v = 0; v < instance->value_count; v++) place_tensor(instance, call, v, &tensors[v]);
  for (size_t i = 0; i < instance->link_count; i++)
    links[i] = instance->links[i] == OB_NO_LINK ? NULL : &tensors[instance->links[i]];
  ob_inner_call_t inner = {
      .call = {.host = instance->executable->engine->host, .threads = instance->threads, .call = call},
      .instance = instance,
      .tensors = tensors,
      .blocks = blocks,
  };
  for (size_t s = 0; s < instance->step_count; s++)
    if (instance->steps[s].kernel) OB_TRY(run_step(&instance->steps[s], &inner, links));
  return finish(instance, call, tensors);
}

ob_status_t ob_kit_run(const ob_instance_t *instance, const ob_call_t *call) {
  ob_call_block_t *blocks = NULL;
  ob_status_t status = run_steps(instance, call, &blocks);
  while (blocks) {
    ob_call_block_t *next = blocks->next;
    ob_free(instance->executable->engine->host->allocator, blocks);
    blocks = next;
  }
  return status;
}

ob_status_t ob_kernel_memory(const ob_kernel_call_t *call, size_t bytes, void **block) {
  const ob_inner_call_t *inner = (const ob_inner_call_t *)(const void *)call;
  ob_call_block_t *fresh;
  size_t size;
  *block = NULL;
  if (!ob_add_size(bytes, sizeof *fresh, &size)) return ob_fail_memory();
  OB_TRY(ob_alloc(call->host->allocator, size, (void **)&fresh));
  fresh->next = *inner->blocks;
  *inner->blocks = fresh;
  *block = fresh->data;
  return OB_OK;
}

/* A shape that bind knew: the kernel must have come to the same. */
static ob_status_t check_shape(const ob_tensor_t *tensor, size_t index, int32_t rank, const int64_t *dims) {
  if (tensor->rank != rank)
    return ob_fail(OB_INTERNAL, "output %zu has rank %d, %d was inferred", index, (int)rank, (int)tensor->rank);
  for (int32_t i = 0; i < rank; i++)
    if (tensor->dims[i] != dims[i])
      return ob_fail(OB_INTERNAL, "axis %d of output %zu has %lld elements, %lld were inferred", (int)i, index, (long long)dims[i],
                     (long long)tensor->dims[i]);
  return OB_OK;
}

ob_status_t ob_kernel_allocate(const ob_kernel_call_t *call, size_t index, int32_t rank, const int64_t *dims) {
  const ob_inner_call_t *inner = (const ob_inner_call_t *)(const void *)call;
  ob_tensor_t *tensor = call->outputs[index];
  if (!tensor) return OB_OK;
  if (tensor->rank >= 0) return check_shape(tensor, index, rank, dims);
  const ob_place_t *place = &inner->instance->places[tensor - inner->tensors];
  size_t bytes;
  if (rank < 0 || rank > OB_MAX_RANK) return ob_fail(OB_OUT_OF_RANGE, "output %zu has rank %d", index, (int)rank);
  if (!ob_tensor_bytes(tensor->dtype, rank, dims, &bytes)) return ob_fail(OB_OUT_OF_RANGE, "output %zu is too large", index);
  void *data = NULL;
  if (tensor->dtype == OB_STRING)
    OB_TRY(ob_kernel_memory(call, bytes, &data));
  else
    OB_TRY(call->call->allocate(call->call, place->index, rank, dims, &data));
  int64_t *kept = (int64_t *)(void *)((char *)call->call->workspace + place->offset);
  if (rank > 0) memcpy(kept, dims, (size_t)rank * sizeof *dims);
  tensor->rank = rank;
  tensor->dims = kept;
  tensor->data = data;
  tensor->bytes = bytes;
  return OB_OK;
}
