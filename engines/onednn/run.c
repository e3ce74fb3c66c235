/* run: buffers get addresses, primitives are executed. What changes during a call lives in a frame; frames are reused. */
#include <omp.h>
#include <string.h>
#include <time.h>

#include "onednn/onednn.h"

static void release_memory(void *object) { dnnl_memory_destroy(object); }
static void release_stream(void *object) { dnnl_stream_destroy(object); }

/* The memory object of an earlier argument that is the same buffer in the same layout: what one step makes, others read. */
static dnnl_memory_t find_memory(const ob_instance_t *instance, const dn_frame_t *frame, const dn_arg_t *arg) {
  size_t at = 0;
  for (size_t s = 0; s < instance->step_count; s++)
    for (int a = 0; a < instance->steps[s].arg_count; a++, at++) {
      const dn_arg_t *other = &instance->steps[s].args[a];
      if (other == arg) return NULL;
      if (other->buffer == arg->buffer && other->md == arg->md) return frame->args[at].memory;
    }
  return NULL;
}

static ob_status_t add_memory(const ob_instance_t *instance, dn_frame_t *frame, const dn_arg_t *arg, size_t at) {
  const dn_buffer_t *buffer = &instance->buffers[arg->buffer];
  void *data = buffer->place == DN_FIXED ? (void *)(uintptr_t)buffer->data : NULL;
  dnnl_memory_t memory = find_memory(instance, frame, arg);
  if (!memory) {
    OB_TRY(dn_check(dnnl_memory_create(&memory, arg->md, instance->executable->engine->dnnl, data), "cannot make a memory object"));
    OB_TRY(dn_store_own(&frame->store, memory, release_memory));
  }
  frame->args[at] = (dnnl_exec_arg_t){arg->id, memory};
  frame->handles[at] = data;
  return OB_OK;
}

static ob_status_t fill(const ob_instance_t *instance, dn_frame_t *frame) {
  ob_arena_t *arena = &frame->store.arena;
  OB_TRY(dn_check(dnnl_stream_create(&frame->stream, instance->executable->engine->dnnl, dnnl_stream_default_flags), "cannot make a stream"));
  OB_TRY(dn_store_own(&frame->store, frame->stream, release_stream));
  OB_TRY(OB_ARENA_ARRAY(arena, instance->arg_count, &frame->args));
  OB_TRY(OB_ARENA_ARRAY(arena, instance->arg_count, &frame->handles));
  size_t at = 0;
  for (size_t s = 0; s < instance->step_count; s++)
    for (int a = 0; a < instance->steps[s].arg_count; a++, at++)
      if (!instance->steps[s].own) OB_TRY(add_memory(instance, frame, &instance->steps[s].args[a], at));
  return OB_OK;
}

void dn_frame_free(const ob_allocator_t *allocator, dn_frame_t *frame) {
  if (!frame) return;
  dn_store_free(&frame->store);
  ob_free(allocator, frame);
}

ob_status_t dn_frame_create(const ob_instance_t *instance, dn_frame_t **frame) {
  const ob_allocator_t *allocator = instance->executable->engine->host->allocator;
  dn_frame_t *fresh;
  *frame = NULL;
  OB_TRY(OB_NEW(allocator, &fresh));
  dn_store_init(&fresh->store, allocator);
  ob_status_t status = fill(instance, fresh);
  if (status != OB_OK) {
    dn_frame_free(allocator, fresh);
    return status;
  }
  *frame = fresh;
  return OB_OK;
}

static ob_status_t take_frame(ob_instance_t *instance, dn_frame_t **frame) {
  pthread_mutex_lock(&instance->mutex);
  *frame = instance->frames;
  if (*frame) instance->frames = (*frame)->next;
  pthread_mutex_unlock(&instance->mutex);
  return *frame ? OB_OK : dn_frame_create(instance, frame);
}

static void return_frame(ob_instance_t *instance, dn_frame_t *frame) {
  pthread_mutex_lock(&instance->mutex);
  frame->next = instance->frames;
  instance->frames = frame;
  pthread_mutex_unlock(&instance->mutex);
}

static void *address(const dn_buffer_t *buffer, const ob_call_t *call) {
  switch (buffer->place) {
    case DN_WORK: return (char *)call->workspace + buffer->offset + buffer->delta;
    case DN_INPUT: return (char *)(uintptr_t)call->inputs[buffer->index] + buffer->delta;
    case DN_OUTPUT: return (char *)call->outputs[buffer->index] + buffer->delta;
    default: return (void *)(uintptr_t)buffer->data;
  }
}

static ob_status_t check_patience(const ob_call_t *call) {
  struct timespec now;
  if (call->cancel && __atomic_load_n(call->cancel, __ATOMIC_RELAXED)) return ob_fail(OB_CANCELLED, "the call was cancelled");
  if (call->deadline_ns == 0) return OB_OK;
  clock_gettime(CLOCK_MONOTONIC, &now);
  uint64_t ns = (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
  return ns < call->deadline_ns ? OB_OK : ob_fail(OB_DEADLINE_EXCEEDED, "the call's deadline has passed");
}

static ob_status_t execute_primitive(const ob_instance_t *instance, const dn_step_t *step, const ob_call_t *call, dn_frame_t *frame, size_t at) {
  for (int a = 0; a < step->arg_count; a++) {
    void *where = address(&instance->buffers[step->args[a].buffer], call);
    if (frame->handles[at + (size_t)a] == where) continue;
    OB_TRY(dn_check(dnnl_memory_set_data_handle(frame->args[at + (size_t)a].memory, where), "cannot set an address"));
    frame->handles[at + (size_t)a] = where;
  }
  dnnl_status_t status = dnnl_primitive_execute(step->primitive, frame->stream, step->arg_count, frame->args + at);
  return status == dnnl_success ? OB_OK : dn_check(status, step->text);
}

static ob_status_t execute(const ob_instance_t *instance, const ob_call_t *call, dn_frame_t *frame) {
  size_t at = 0;
  for (size_t s = 0; s < instance->step_count; s++) {
    const dn_step_t *step = &instance->steps[s];
    OB_TRY(check_patience(call));
    if (step->own) {
      for (int a = 0; a < step->arg_count; a++) frame->handles[at + (size_t)a] = address(&instance->buffers[step->args[a].buffer], call);
      step->own->run(step->own, instance->executable->engine->host, frame->handles + at);
    } else {
      OB_TRY(execute_primitive(instance, step, call, frame, at));
    }
    at += (size_t)step->arg_count;
  }
  return dn_check(dnnl_stream_wait(frame->stream), "waiting");
}

ob_status_t dn_run(const ob_instance_t *instance, const ob_call_t *call) {
  ob_instance_t *shared = (ob_instance_t *)(uintptr_t)instance; /* the list of frames is under its mutex */
  dn_frame_t *frame;
  OB_TRY(take_frame(shared, &frame));
  int before = omp_get_max_threads();
  if (before != (int)instance->threads) omp_set_num_threads((int)instance->threads);
  ob_status_t status = execute(instance, call, frame);
  if (before != (int)instance->threads) omp_set_num_threads(before);
  return_frame(shared, frame);
  return status;
}
