/* bind: from an executable and numbers for its symbols to an instance, ready to run. */
#include <string.h>

#include "kit/internal.h"

/* While binding; freed with it. */
typedef struct binder {
  ob_instance_t *instance;
  const ob_binding_t *binding;
  ob_tensor_t *setup_tensors; /* [value] like the instance's, with data where content is known */
  int *in_place;
  size_t *scratch_bytes;
} binder_t;

/* Elements of a small integer tensor, given as int64, in the tensor's own type: the low bytes of each. */
static ob_status_t materialize(ob_arena_t *arena, const ob_tensor_t *tensor, const int64_t *content, void **data) {
  size_t count = ob_tensor_count(tensor), size = ob_dtype_bits(tensor->dtype) / 8;
  if (size == 0 || size > 8) return ob_fail(OB_INTERNAL, "content of type %s", ob_dtype_name(tensor->dtype));
  OB_TRY(ob_arena_alloc_array(arena, count, size, data));
  for (size_t i = 0; i < count; i++) memcpy((char *)*data + i * size, &content[i], size);
  return OB_OK;
}

static ob_status_t fail_size(const binder_t *binder, const ob_value_view_t *value) {
  if (value->producer < 0) return ob_fail(OB_INVALID_ARGUMENT, "value %s is too large", ob_quote(value->name));
  const ob_node_view_t *node = binder->binding->region->nodes[value->producer];
  return ob_fail(OB_INVALID_ARGUMENT, "node '%s' (%s): value %s is too large", ob_quote(node->name), node->op, ob_quote(value->name));
}

/* Without an element type there is no size to keep room for. */
static ob_status_t check_type(const binder_t *binder, const ob_value_view_t *value) {
  if (value->kind != OB_TENSOR || value->dtype != OB_UNDEFINED || value->producer < 0) return OB_OK;
  const ob_node_view_t *node = binder->binding->region->nodes[value->producer];
  return ob_fail(OB_INVALID_MODEL, "node '%s' (%s): the element type of output %u is not known", ob_quote(node->name), node->op,
                 (unsigned)value->producer_output);
}

static ob_status_t bind_value(binder_t *binder, const ob_value_view_t *value) {
  ob_instance_t *instance = binder->instance;
  const ob_binding_t *binding = binder->binding;
  ob_tensor_t *tensor = &instance->tensors[value->index];
  const int64_t *dims = binding->dims[value->index];
  OB_TRY(check_type(binder, value));
  *tensor = (ob_tensor_t){.kind = value->kind, .dtype = value->dtype, .rank = -1};
  if (dims && value->kind == OB_TENSOR) {
    int64_t *copy;
    tensor->rank = binding->ranks[value->index];
    OB_TRY(ob_arena_copy(&instance->arena, dims, (size_t)tensor->rank * sizeof *dims, (void **)&copy));
    tensor->dims = copy;
    if (!ob_tensor_bytes(tensor->dtype, tensor->rank, dims, &tensor->bytes))
      return fail_size(binder, value);
  }
  tensor->data = (void *)(uintptr_t)instance->executable->constants[value->index];
  binder->setup_tensors[value->index] = *tensor;
  const int64_t *content = binding->contents ? binding->contents[value->index] : NULL;
  if (!content || tensor->data || tensor->rank < 0) return OB_OK;
  void *data;
  OB_TRY(materialize(&instance->arena, tensor, content, &data));
  binder->setup_tensors[value->index].data = data;
  if (value->producer < 0 && !value->is_input) tensor->data = data;
  return OB_OK;
}

/* The numbers of a node's INT and INTS attributes. Those without symbols stay in the region. */
static ob_status_t bind_attributes(binder_t *binder, const ob_node_view_t *node, ob_step_t *step) {
  ob_arena_t *arena = &binder->instance->arena;
  const int64_t *const *const *all = binder->binding->attribute_ints;
  const uint32_t origin = binder->instance->executable->origins[node->index];
  const int64_t **numbers;
  OB_TRY(OB_ARENA_ARRAY(arena, node->attribute_count, &numbers));
  for (size_t a = 0; a < node->attribute_count; a++) {
    const ob_attribute_view_t *attribute = node->attributes[a];
    numbers[a] = attribute->ints;
    if (!attribute->symbolic) continue;
    OB_TRY(ob_arena_copy(arena, all[origin][a], attribute->count * sizeof **numbers, (void **)&numbers[a]));
  }
  step->attribute_ints = numbers;
  return OB_OK;
}

static bool is_wanted(const ob_instance_t *instance, const ob_value_view_t *value) {
  if (!value) return false;
  /* nobody asks for its room: the shape is known only after it ran, and nothing uses it */
  return instance->tensors[value->index].rank >= 0 || value->is_input || value->is_output || value->use_count > 0;
}

/* Tensors of a node's inputs or outputs, from `tensors`. */
static ob_status_t gather_tensors(const binder_t *binder, const ob_value_view_t *const *values, size_t count,
                                  const ob_tensor_t *const **tensors) {
  const ob_tensor_t **list;
  OB_TRY(OB_ARENA_ARRAY(&binder->instance->arena, count, &list));
  for (size_t i = 0; i < count; i++)
    if (is_wanted(binder->instance, values[i])) list[i] = &binder->setup_tensors[values[i]->index];
  *tensors = list;
  return OB_OK;
}

static ob_status_t prepare(binder_t *binder, ob_step_t *step) {
  const ob_node_view_t *node = step->node;
  const ob_executable_t *executable = binder->instance->executable;
  binder->in_place[node->index] = -1;
  if (!step->kernel->prepare) return OB_OK;
  ob_kernel_setup_t setup = {.host = executable->engine->host,
                             .region = executable->region,
                             .node = node,
                             .attribute_ints = step->attribute_ints,
                             .threads = binder->binding->threads,
                             .arena = &binder->instance->arena,
                             .in_place = -1};
  OB_TRY(gather_tensors(binder, node->inputs, node->input_count, &setup.inputs));
  OB_TRY(gather_tensors(binder, node->outputs, node->output_count, &setup.outputs));
  ob_status_t status = step->kernel->prepare(&setup);
  if (status != OB_OK) return ob_fail_within(status, "node %s (%s): ", ob_quote(node->name), node->op);
  step->state = setup.state;
  binder->scratch_bytes[node->index] = setup.scratch_bytes;
  binder->in_place[node->index] = setup.in_place;
  return OB_OK;
}

static void link_values(const ob_instance_t *instance, const ob_value_view_t *const *values, size_t count, uint32_t *links) {
  for (size_t i = 0; i < count; i++) links[i] = is_wanted(instance, values[i]) ? values[i]->index : OB_NO_LINK;
}

static ob_status_t bind_steps(binder_t *binder) {
  ob_instance_t *instance = binder->instance;
  const ob_region_view_t *region = instance->executable->steps;
  for (size_t n = 0; n < region->node_count; n++)
    instance->link_count += region->nodes[n]->input_count + region->nodes[n]->output_count;
  OB_TRY(OB_ARENA_ARRAY(&instance->arena, instance->link_count, &instance->links));
  OB_TRY(OB_ARENA_ARRAY(&instance->arena, region->node_count, &instance->steps));
  instance->step_count = region->node_count;
  size_t link = 0;
  for (size_t n = 0; n < region->node_count; n++) {
    const ob_node_view_t *node = region->nodes[n];
    ob_step_t *step = &instance->steps[n];
    *step = (ob_step_t){.kernel = instance->executable->kernels[n], .node = node, .first_link = link};
    link_values(instance, node->inputs, node->input_count, &instance->links[link]);
    link_values(instance, node->outputs, node->output_count, &instance->links[link + node->input_count]);
    link += node->input_count + node->output_count;
    OB_TRY(bind_attributes(binder, node, step));
    OB_TRY(prepare(binder, step));
  }
  return OB_OK;
}

static ob_status_t bind_all(binder_t *binder, ob_instance_info_t *info) {
  ob_instance_t *instance = binder->instance;
  const ob_region_view_t *region = instance->executable->steps;
  ob_arena_t *arena = &instance->arena;
  instance->value_count = region->value_count;
  OB_TRY(OB_ARENA_ARRAY(arena, region->value_count, &instance->tensors));
  OB_TRY(OB_ARENA_ARRAY(arena, region->value_count, &instance->places));
  OB_TRY(OB_ARENA_ARRAY(arena, region->value_count, &binder->setup_tensors));
  OB_TRY(OB_ARENA_ARRAY(arena, region->node_count, &binder->in_place));
  OB_TRY(OB_ARENA_ARRAY(arena, region->node_count, &binder->scratch_bytes));
  for (size_t v = 0; v < region->value_count; v++) OB_TRY(bind_value(binder, region->values[v]));
  OB_TRY(bind_steps(binder));
  ob_placing_t placing = {.instance = instance,
                          .binding = binder->binding,
                          .in_place = binder->in_place,
                          .scratch_bytes = binder->scratch_bytes,
                          .info = info};
  OB_TRY(ob_kit_place(&placing));
  info->workspace_bytes = placing.workspace_bytes;
  return OB_OK;
}

ob_status_t ob_kit_bind(ob_executable_t *executable, const ob_binding_t *binding, ob_instance_info_t *info,
                        ob_instance_t **instance) {
  const ob_allocator_t *allocator = executable->engine->host->allocator;
  *instance = NULL;
  ob_instance_t *fresh;
  OB_TRY(OB_NEW(allocator, &fresh));
  ob_arena_init(&fresh->arena, allocator);
  fresh->executable = executable;
  fresh->threads = binding->threads;
  binder_t binder = {.instance = fresh, .binding = binding};
  ob_status_t status = bind_all(&binder, info);
  if (status != OB_OK) {
    ob_kit_release_instance(fresh);
    return status;
  }
  *instance = fresh;
  return OB_OK;
}

ob_status_t ob_kit_rebind(ob_instance_t *instance, const ob_binding_t *binding, ob_instance_info_t *info) {
  ob_arena_reset(&instance->arena);
  *instance = (ob_instance_t){.arena = instance->arena, .executable = instance->executable, .threads = binding->threads};
  binder_t binder = {.instance = instance, .binding = binding};
  return bind_all(&binder, info);
}

void ob_kit_release_instance(ob_instance_t *instance) {
  if (!instance) return;
  const ob_allocator_t *allocator = instance->arena.allocator;
  ob_arena_free(&instance->arena);
  ob_free(allocator, instance);
}
