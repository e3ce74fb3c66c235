/* Where values live: which of them share memory (views, in-place results, region outputs) and where the rest goes in the workspace.
 *
 * Values that share memory form a group; its root is the value with the lowest index that founded it. A group has one place, one
 * byte size and one lifetime. Steps are node indices; -1 is before the first, step_count after the last. */
#include <string.h>

#include "kit/internal.h"
#include "plan/memory.h"

enum { ALIGNMENT = 64 };

typedef struct group {
  uint32_t parent; /* itself for a root */
  int64_t first, last;
  ob_place_t place;
} group_t;

typedef struct placer {
  ob_placing_t *placing;
  ob_instance_t *instance;
  const ob_region_view_t *region;
  group_t *groups; /* [value] */
  ob_plan_buffer_t *buffers;
  size_t buffer_count;
} placer_t;

static group_t *root(placer_t *placer, uint32_t value) {
  while (placer->groups[value].parent != value) value = placer->groups[value].parent;
  return &placer->groups[value];
}

static size_t bytes_of(const placer_t *placer, const ob_value_view_t *value) {
  return placer->instance->tensors[value->index].bytes;
}

/* Puts the group of `from` into that of `into`, which keeps or gets the more special place. */
static void join(placer_t *placer, uint32_t into, uint32_t from) {
  group_t *a = root(placer, into), *b = root(placer, from);
  if (a == b) return;
  if (b->first < a->first) a->first = b->first;
  if (b->last > a->last) a->last = b->last;
  if (b->place.kind == OB_PLACE_OUTPUT) a->place = b->place;
  b->parent = (uint32_t)(a - placer->groups);
}

/* First place of a value, before sharing. */
static ob_place_t own_place(const placer_t *placer, const ob_value_view_t *value) {
  const ob_tensor_t *tensor = &placer->instance->tensors[value->index];
  ob_place_t place = {.kind = OB_PLACE_NONE};
  if (tensor->data) {
    place.kind = OB_PLACE_FIXED;
    place.fixed = tensor->data;
  } else if (value->producer >= 0 && tensor->rank >= 0) {
    place.kind = OB_PLACE_WORKSPACE;
  }
  return place;
}

static void place_boundaries(placer_t *placer) {
  const ob_region_view_t *region = placer->region;
  for (size_t i = 0; i < region->input_count; i++)
    placer->groups[region->inputs[i]->index].place = (ob_place_t){.kind = OB_PLACE_INPUT, .index = (uint32_t)i};
  for (size_t o = region->output_count; o-- > 0;) { /* backwards: the first of equal outputs owns the value */
    const ob_value_view_t *value = region->outputs[o];
    group_t *group = &placer->groups[value->index];
    group->last = (int64_t)region->node_count;
    if (value->producer < 0) continue;
    bool known = placer->instance->tensors[value->index].rank >= 0;
    if (value->kind != OB_TENSOR || (known && value->dtype == OB_STRING)) continue; /* put when all is done */
    group->place.kind = known ? OB_PLACE_OUTPUT : OB_PLACE_RUN;
    group->place.index = (uint32_t)o;
  }
}

static ob_status_t found_groups(placer_t *placer) {
  const ob_region_view_t *region = placer->region;
  for (size_t v = 0; v < region->value_count; v++)
    placer->groups[v] = (group_t){.parent = (uint32_t)v,
                                  .first = region->values[v]->producer,
                                  .last = region->values[v]->producer,
                                  .place = own_place(placer, region->values[v])};
  for (size_t n = 0; n < region->node_count; n++)
    for (size_t i = 0; i < region->nodes[n]->input_count; i++)
      if (region->nodes[n]->inputs[i]) placer->groups[region->nodes[n]->inputs[i]->index].last = (int64_t)n;
  place_boundaries(placer);
  for (size_t v = 0; v < region->value_count; v++) {
    const ob_value_view_t *value = region->values[v];
    if (value->kind == OB_TENSOR && value->producer >= 0 && placer->groups[v].place.kind == OB_PLACE_NONE && value->use_count > 0)
      return ob_fail(OB_UNSUPPORTED, "value %s has no shape before it was computed, and is used in the same region", ob_quote(value->name));
  }
  return OB_OK;
}

/* A view needs no copy unless both sides are memory of the caller. */
static bool share_view(placer_t *placer, const ob_node_view_t *node) {
  const ob_value_view_t *from = node->inputs[0], *to = node->outputs[0];
  for (size_t o = 1; o < node->output_count; o++)
    if (node->outputs[o]) return false;
  if (!from || !to || bytes_of(placer, from) != bytes_of(placer, to)) return false;
  ob_place_kind_t a = root(placer, from->index)->place.kind, b = root(placer, to->index)->place.kind;
  if (a == OB_PLACE_NONE || a == OB_PLACE_RUN || b == OB_PLACE_NONE || b == OB_PLACE_RUN) return false;
  if (b == OB_PLACE_OUTPUT && a != OB_PLACE_WORKSPACE) return false;
  join(placer, from->index, to->index);
  return true;
}

/* True when no input of the node but the given one is in that one's group: a kernel copes with its own input, not with friends of it. */
static bool sole_reader(placer_t *placer, const ob_node_view_t *node, size_t input) {
  const group_t *group = root(placer, node->inputs[input]->index);
  for (size_t i = 0; i < node->input_count; i++)
    if (i != input && node->inputs[i] && root(placer, node->inputs[i]->index) == group) return false;
  return true;
}

/* The input whose memory output 0 may take as far as the kernel is concerned, or NULL. */
static const ob_value_view_t *in_place_input(placer_t *placer, const ob_node_view_t *node) {
  int input = placer->placing->in_place[node->index];
  if (input < 0 || (size_t)input >= node->input_count || !node->inputs[input] || !node->outputs[0]) return NULL;
  if (bytes_of(placer, node->inputs[input]) != bytes_of(placer, node->outputs[0])) return NULL;
  return sole_reader(placer, node, (size_t)input) ? node->inputs[input] : NULL;
}

static void share_in_place(placer_t *placer, const ob_node_view_t *node) {
  const ob_value_view_t *from = in_place_input(placer, node);
  if (!from) return;
  const group_t *a = root(placer, from->index), *b = root(placer, node->outputs[0]->index);
  if (a->place.kind != OB_PLACE_WORKSPACE || a->last != (int64_t)node->index) return;
  if (b->place.kind != OB_PLACE_WORKSPACE && b->place.kind != OB_PLACE_OUTPUT) return;
  join(placer, from->index, node->outputs[0]->index);
}

static void share(placer_t *placer) {
  for (size_t n = 0; n < placer->region->node_count; n++) {
    const ob_node_view_t *node = placer->region->nodes[n];
    ob_step_t *step = &placer->instance->steps[n];
    if (step->kernel->view && node->input_count > 0 && node->output_count > 0) {
      if (share_view(placer, node)) step->kernel = NULL;
    } else {
      share_in_place(placer, node);
    }
  }
}

/* May region output `o` take the memory of region input `i`? Nobody may read the input once the output's memory is written. */
static bool may_overwrite(placer_t *placer, size_t i, size_t o) {
  const ob_value_view_t *in = placer->region->inputs[i], *out = placer->region->outputs[o];
  const group_t *a = root(placer, in->index), *b = root(placer, out->index);
  if (a->place.kind != OB_PLACE_INPUT || b->place.kind != OB_PLACE_OUTPUT || b->place.index != o) return false;
  if (bytes_of(placer, in) != bytes_of(placer, out)) return false;
  if (a->last != b->first) return a->last < b->first;
  const ob_node_view_t *node = placer->region->nodes[b->first];
  const ob_value_view_t *from = in_place_input(placer, node);
  return from && root(placer, from->index) == a && root(placer, node->outputs[0]->index) == b;
}

static ob_status_t offer_in_place(placer_t *placer) {
  const ob_region_view_t *region = placer->region;
  int32_t *in_place;
  bool *taken;
  OB_TRY(OB_ARENA_ARRAY(&placer->instance->arena, region->output_count, &in_place));
  OB_TRY(OB_ARENA_ARRAY(&placer->instance->arena, region->input_count, &taken));
  for (size_t o = 0; o < region->output_count; o++) {
    in_place[o] = -1;
    for (size_t i = 0; i < region->input_count && in_place[o] < 0; i++)
      if (!taken[i] && may_overwrite(placer, i, o)) {
        in_place[o] = (int32_t)i;
        taken[i] = true;
      }
  }
  placer->placing->info->in_place = in_place;
  return OB_OK;
}

/* Region outputs whose value ended up elsewhere. */
static ob_status_t list_copies(placer_t *placer) {
  const ob_region_view_t *region = placer->region;
  ob_instance_t *instance = placer->instance;
  OB_TRY(OB_ARENA_ARRAY(&instance->arena, region->output_count, &instance->copies));
  for (size_t o = 0; o < region->output_count; o++) {
    const ob_value_view_t *value = region->outputs[o];
    const ob_place_t *place = &root(placer, value->index)->place;
    bool put = value->kind != OB_TENSOR || value->dtype == OB_STRING;
    if (!put && (place->kind == OB_PLACE_OUTPUT || place->kind == OB_PLACE_RUN) && place->index == o) continue;
    instance->copies[instance->copy_count++] =
        (ob_copy_t){.value = value->index, .output = (uint32_t)o, .bytes = bytes_of(placer, value), .put = put};
  }
  return OB_OK;
}

/* What a call itself keeps in the workspace: tensors, pointers to them, dims of outputs sized at run time. */
static ob_status_t lay_frame(placer_t *placer, size_t *bytes) {
  ob_instance_t *instance = placer->instance;
  size_t size = instance->value_count * sizeof(ob_tensor_t);
  instance->links_at = size;
  size += instance->link_count * sizeof(ob_tensor_t *);
  for (size_t v = 0; v < instance->value_count; v++) {
    if (placer->groups[v].place.kind != OB_PLACE_RUN) continue;
    placer->groups[v].place.offset = size;
    size += OB_MAX_RANK * sizeof(int64_t);
  }
  return ob_align_size(size, ALIGNMENT, bytes) ? OB_OK : ob_fail_memory();
}

static uint32_t step_number(const placer_t *placer, int64_t step) {
  int64_t last = placer->region->node_count > 0 ? (int64_t)placer->region->node_count - 1 : 0;
  return (uint32_t)(step < 0 ? 0 : step > last ? last : step);
}

static ob_status_t plan(placer_t *placer) {
  ob_instance_t *instance = placer->instance;
  size_t frame, planned, lower_bound;
  OB_TRY(lay_frame(placer, &frame));
  for (size_t v = 0; v < instance->value_count; v++) {
    const group_t *group = &placer->groups[v];
    if (group->parent == v && group->place.kind == OB_PLACE_WORKSPACE)
      placer->buffers[placer->buffer_count++] = (ob_plan_buffer_t){.bytes = instance->tensors[v].bytes,
                                                                   .first = step_number(placer, group->first),
                                                                   .last = step_number(placer, group->last),
                                                                   .shares = -1};
  }
  for (size_t n = 0; n < instance->step_count; n++)
    placer->buffers[placer->buffer_count++] = (ob_plan_buffer_t){
        .bytes = placer->placing->scratch_bytes[n], .first = (uint32_t)n, .last = (uint32_t)n, .shares = -1};
  OB_TRY(ob_plan_memory_in(placer->buffers, placer->buffer_count, ALIGNMENT, &instance->arena, &planned, &lower_bound));
  if (!ob_add_size(frame, planned, &placer->placing->workspace_bytes)) return ob_fail_memory();
  size_t b = 0;
  for (size_t v = 0; v < instance->value_count; v++)
    if (placer->groups[v].parent == v && placer->groups[v].place.kind == OB_PLACE_WORKSPACE)
      placer->groups[v].place.offset = frame + placer->buffers[b++].offset;
  for (size_t n = 0; n < instance->step_count; n++) instance->steps[n].scratch = frame + placer->buffers[b++].offset;
  for (size_t v = 0; v < instance->value_count; v++) instance->places[v] = root(placer, (uint32_t)v)->place;
  return OB_OK;
}

ob_status_t ob_kit_place(ob_placing_t *placing) {
  ob_instance_t *instance = placing->instance;
  placer_t placer = {.placing = placing, .instance = instance, .region = instance->executable->steps};
  OB_TRY(OB_ARENA_ARRAY(&instance->arena, instance->value_count, &placer.groups));
  OB_TRY(OB_ARENA_ARRAY(&instance->arena, instance->value_count + instance->step_count, &placer.buffers));
  OB_TRY(found_groups(&placer));
  share(&placer);
  OB_TRY(offer_in_place(&placer));
  OB_TRY(list_copies(&placer));
  return plan(&placer);
}
