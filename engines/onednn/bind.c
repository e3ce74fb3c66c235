/* bind, the outer half: plans all ops for given sizes, places the buffers, and makes the instance. */
#include <omp.h>
#include <string.h>

#include "onednn/join.h"
#include "plan/memory.h"

/* ---------------------------------------------------------------- plan of all ops */

static ob_status_t set_up(dn_plan_t *plan) {
  const ob_region_view_t *region = plan->binding->region;
  OB_TRY(OB_NEW_ARRAY(plan->allocator, region->value_count, &plan->values));
  for (size_t v = 0; v < region->value_count; v++) {
    plan->values[v].main.buffer = plan->values[v].joins = DN_NONE;
    bool used = plan->executable->reads[v] > 0 || region->values[v]->is_output;
    if (used && region->values[v]->dtype == OB_FLOAT32 && plan->binding->ranks[v] < 0)
      return ob_fail(OB_UNSUPPORTED, "the shape of '%s' is not known", ob_quote(region->values[v]->name));
  }
  for (uint32_t i = 0; i < region->input_count; i++) {
    const ob_value_view_t *input = region->inputs[i];
    if (input->dtype != OB_FLOAT32) continue; /* shapes: their numbers are in the binding */
    int32_t rank = dn_rank(plan, input);
    const int64_t one = 1;
    dn_ref_t ref;
    if (rank < 0 || rank > DN_MAX_RANK) continue;
    OB_TRY(dn_md_strided(plan->store, rank > 0 ? rank : 1, rank > 0 ? dn_dims(plan, input) : &one, NULL, &ref.md));
    OB_TRY(dn_buffer_new(plan, (dn_buffer_t){.place = DN_INPUT, .index = i, .root = DN_NONE}, &ref.buffer));
    OB_TRY(dn_place_value(plan, input->index, ref));
  }
  return dn_join_find(plan);
}

/* Empty results need no work; something out of nothing (a product over an empty dim) is for others. */
static ob_status_t skip_empty(dn_plan_t *plan, const dn_op_t *op, bool *skip) {
  const ob_region_view_t *region = plan->binding->region;
  const ob_value_view_t *out = region->values[op->output];
  *skip = dn_count(plan, out) == 0;
  if (*skip) {
    dn_ref_t ref;
    dn_md_t md;
    int32_t rank = dn_rank(plan, out);
    OB_TRY(dn_md_strided(plan->store, rank, dn_dims(plan, out), NULL, &md));
    for (size_t o = 0; op->kind->all_outputs && o < op->node->output_count; o++)
      if (op->node->outputs[o] && op->node->outputs[o]->index != op->output)
        return ob_fail(OB_UNSUPPORTED, "node '%s': %s: '%s' has no elements", ob_quote(op->node->name), op->node->op, ob_quote(out->name));
    return plan->values[op->output].main.buffer == DN_NONE ? dn_write(plan, op->output, md, &ref) : OB_OK;
  }
  for (size_t i = 0; i < op->node->input_count; i++) {
    const ob_value_view_t *in = op->node->inputs[i];
    if (in && in->dtype == OB_FLOAT32 && dn_rank(plan, in) >= 0 && dn_count(plan, in) == 0 && i < 2 && op->kind->role != DN_VIEW &&
        strcmp(op->node->op, "Resize") != 0)
      return ob_fail(OB_UNSUPPORTED, "node '%s': %s: input '%s' has no elements", ob_quote(op->node->name), op->node->op,
                     ob_quote(in->name));
  }
  return OB_OK;
}

static void release_read(dn_plan_t *plan, uint32_t value) {
  uint32_t buffer = plan->values[value].main.buffer;
  if (buffer != DN_NONE && plan->buffers.items[buffer].pending > 0) plan->buffers.items[buffer].pending--;
}

static ob_status_t plan_op(dn_plan_t *plan, const dn_op_t *op) {
  bool skip;
  plan->op = op;
  OB_TRY(skip_empty(plan, op, &skip));
  if (!skip) {
    ob_status_t status = op->kind->plan(plan, op);
    if (status != OB_OK) return ob_fail_within(status, "node '%s' (%s): ", ob_quote(op->node->name), op->node->op);
  }
  for (size_t i = 0; i < op->node->input_count; i++)
    if (op->node->inputs[i]) release_read(plan, op->node->inputs[i]->index);
  for (size_t f = 0; f < op->fused_count; f++)
    if (op->fused[f].operand != DN_NONE) release_read(plan, op->fused[f].operand);
  return OB_OK;
}

/* Outputs that were not made in their place are copied there. */
static ob_status_t copy_outputs(dn_plan_t *plan) {
  const ob_region_view_t *region = plan->binding->region;
  for (uint32_t o = 0; o < region->output_count; o++) {
    const ob_value_view_t *out = region->outputs[o];
    dn_ref_t from, to;
    OB_TRY(dn_read(plan, out->index, &from));
    const dn_buffer_t *buffer = &plan->buffers.items[from.buffer];
    if ((buffer->place == DN_OUTPUT && buffer->index == o && buffer->root == from.buffer) || dn_count(plan, out) == 0) continue;
    int32_t rank = dn_rank(plan, out);
    const int64_t one = 1;
    OB_TRY(dn_md_strided(plan->store, rank > 0 ? rank : 1, rank > 0 ? dn_dims(plan, out) : &one, NULL, &to.md));
    OB_TRY(dn_buffer_new(plan, (dn_buffer_t){.place = DN_OUTPUT, .index = o, .root = DN_NONE}, &to.buffer));
    OB_TRY(dn_step_reorder(plan, from, to));
  }
  return OB_OK;
}

/* ---------------------------------------------------------------- memory */

static void join_lifetimes(dn_plan_t *plan) {
  for (size_t i = plan->buffers.count; i-- > 0;) { /* parts have higher numbers than... */
    dn_buffer_t *part = &plan->buffers.items[i];
    uint32_t root = part->root;
    while (plan->buffers.items[root].root != root) {
      part->delta += plan->buffers.items[root].delta;
      root = plan->buffers.items[root].root;
    }
    part->root = root;
  }
  for (size_t i = 0; i < plan->buffers.count; i++) {
    const dn_buffer_t *part = &plan->buffers.items[i];
    dn_buffer_t *root = &plan->buffers.items[part->root];
    if (part->root == i || part->first == DN_NONE) continue;
    if (root->first == DN_NONE || part->first < root->first) root->first = part->first;
    if (part->last > root->last) root->last = part->last;
  }
}

static ob_status_t place_buffers(dn_plan_t *plan) {
  ob_plan_buffer_t *blocks;
  uint32_t *whose;
  size_t count = 0, lower_bound;
  ob_arena_t *arena = &plan->store->arena;
  join_lifetimes(plan);
  OB_TRY(OB_ARENA_ARRAY(arena, plan->buffers.count, &blocks));
  OB_TRY(OB_ARENA_ARRAY(arena, plan->buffers.count, &whose));
  for (uint32_t i = 0; i < plan->buffers.count; i++) {
    const dn_buffer_t *buffer = &plan->buffers.items[i];
    if (buffer->place != DN_WORK || buffer->root != i || buffer->first == DN_NONE) continue;
    whose[count] = i;
    blocks[count++] = (ob_plan_buffer_t){.bytes = buffer->bytes, .first = buffer->first, .last = buffer->last, .shares = -1};
  }
  OB_TRY(ob_plan_memory(blocks, count, 64, plan->allocator, &plan->instance->workspace_bytes, &lower_bound));
  for (size_t i = 0; i < count; i++) plan->buffers.items[whose[i]].offset = blocks[i].offset;
  for (size_t i = 0; i < plan->buffers.count; i++) { /* parts say where they are themselves */
    dn_buffer_t *part = &plan->buffers.items[i];
    const dn_buffer_t *root = &plan->buffers.items[part->root];
    if (part->root == i) continue;
    part->place = root->place;
    part->index = root->index;
    part->offset = root->offset;
  }
  return OB_OK;
}

/* ---------------------------------------------------------------- instance */

static ob_status_t keep(dn_plan_t *plan) {
  ob_instance_t *instance = plan->instance;
  ob_arena_t *arena = &plan->store->arena;
  void *copy;
  OB_TRY(ob_arena_copy(arena, plan->steps.items, plan->steps.count * sizeof *plan->steps.items, &copy));
  instance->steps = copy;
  instance->step_count = plan->steps.count;
  OB_TRY(ob_arena_copy(arena, plan->buffers.items, plan->buffers.count * sizeof *plan->buffers.items, &copy));
  instance->buffers = copy;
  instance->buffer_count = plan->buffers.count;
  for (size_t s = 0; s < instance->step_count; s++) instance->arg_count += (size_t)instance->steps[s].arg_count;
  return OB_OK;
}

static ob_status_t plan_all(dn_plan_t *plan) {
  OB_TRY(set_up(plan));
  for (size_t i = 0; i < plan->executable->op_count; i++) OB_TRY(plan_op(plan, &plan->executable->ops[i]));
  OB_TRY(copy_outputs(plan));
  OB_TRY(place_buffers(plan));
  return keep(plan);
}

static void free_plan(dn_plan_t *plan) {
  size_t count = plan->values ? plan->binding->region->value_count : 0;
  for (size_t v = 0; v < count; v++) ob_array_free(plan->allocator, &plan->values[v].copies);
  ob_free(plan->allocator, plan->values);
  ob_array_free(plan->allocator, &plan->steps);
  ob_array_free(plan->allocator, &plan->buffers);
}

void dn_release_instance(ob_instance_t *instance) {
  if (!instance) return;
  const ob_allocator_t *allocator = instance->executable->engine->host->allocator;
  while (instance->frames) {
    dn_frame_t *frame = instance->frames;
    instance->frames = frame->next;
    dn_frame_free(allocator, frame);
  }
  pthread_mutex_destroy(&instance->mutex);
  dn_store_free(&instance->store);
  ob_free(allocator, instance);
}

ob_status_t dn_instance_create(ob_executable_t *executable, const ob_binding_t *binding, bool trial, ob_instance_t **instance) {
  const ob_allocator_t *allocator = executable->engine->host->allocator;
  ob_instance_t *fresh;
  *instance = NULL;
  OB_TRY(OB_NEW(allocator, &fresh));
  fresh->executable = executable;
  fresh->threads = binding->threads;
  dn_store_init(&fresh->store, allocator);
  pthread_mutex_init(&fresh->mutex, NULL);
  dn_plan_t plan = {.host = executable->engine->host,
                    .dnnl = executable->engine->dnnl,
                    .executable = executable,
                    .binding = binding,
                    .instance = fresh,
                    .store = &fresh->store,
                    .allocator = allocator,
                    .trial = trial,
                    .blocks = -1};
  int before = omp_get_max_threads(); /* oneDNN bakes the number in when a primitive is made */
  omp_set_num_threads((int)binding->threads);
  ob_status_t status = plan_all(&plan);
  omp_set_num_threads(before);
  free_plan(&plan);
  if (status != OB_OK) {
    dn_release_instance(fresh);
    return status;
  }
  *instance = fresh;
  return OB_OK;
}

ob_status_t dn_bind(ob_executable_t *executable, const ob_binding_t *binding, ob_instance_info_t *info, ob_instance_t **instance) {
  OB_TRY(dn_instance_create(executable, binding, false, instance));
  ob_status_t status = dn_frame_create(*instance, &(*instance)->frames);
  if (status != OB_OK) {
    dn_release_instance(*instance);
    *instance = NULL;
    return status;
  }
  info->workspace_bytes = (*instance)->workspace_bytes;
  return OB_OK;
}

const char *dn_instance_step(const ob_instance_t *instance, size_t index) {
  return index < instance->step_count ? instance->steps[index].text : NULL;
}
