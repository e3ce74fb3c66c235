/* Groups: several nodes that an engine runs as one step. Makes the view of the region that the rest of the kit walks: a node for each
 * step, values produced by steps. What is only passed inside a group has no producer there, and so no memory. */
#include "kit/internal.h"

typedef struct grouper {
  ob_executable_t *executable;
  const ob_region_view_t *region;
  uint32_t *groups;  /* [node] */
  uint32_t *first, *last; /* [node] of its group */
  uint32_t *step_of; /* [node] the step that it went into */
  bool *outside;     /* [value] used by another step, or an output */
  uint32_t *seen;    /* [value] the step that listed it as an input, plus 1 */
  const ob_node_view_t **nodes;
  size_t node_count;
} grouper_t;

static bool alone(const grouper_t *g, size_t node) { return g->groups[node] == OB_KIT_ALONE; }
static bool together(const grouper_t *g, size_t a, size_t b) { return a == b || (!alone(g, a) && g->groups[a] == g->groups[b]); }

/* Group numbers are below node_count, so that they can be indices. */
static ob_status_t ask(grouper_t *g) {
  const size_t count = g->region->node_count;
  uint32_t *first_of, *last_of;
  OB_TRY(OB_ARENA_ARRAY(&g->executable->arena, count, &first_of));
  OB_TRY(OB_ARENA_ARRAY(&g->executable->arena, count, &last_of));
  for (size_t n = 0; n < count; n++) g->groups[n] = OB_KIT_ALONE;
  OB_TRY(g->executable->engine->kit->group(g->region, g->groups));
  for (size_t n = 0; n < count; n++) {
    if (alone(g, n)) continue;
    if (g->groups[n] >= count) return ob_fail(OB_INTERNAL, "group %u of %zu nodes", g->groups[n], count);
    last_of[g->groups[n]] = (uint32_t)n;
  }
  for (size_t n = count; n-- > 0;)
    if (!alone(g, n)) first_of[g->groups[n]] = (uint32_t)n;
  for (size_t n = 0; n < count; n++) {
    g->first[n] = alone(g, n) ? (uint32_t)n : first_of[g->groups[n]];
    g->last[n] = alone(g, n) ? (uint32_t)n : last_of[g->groups[n]];
  }
  return OB_OK;
}

static void find_outside(grouper_t *g) {
  const ob_region_view_t *region = g->region;
  for (size_t o = 0; o < region->output_count; o++) g->outside[region->outputs[o]->index] = true;
  for (size_t n = 0; n < region->node_count; n++)
    for (size_t i = 0; i < region->nodes[n]->input_count; i++) {
      const ob_value_view_t *value = region->nodes[n]->inputs[i];
      if (value && (value->producer < 0 || !together(g, (size_t)value->producer, n))) g->outside[value->index] = true;
    }
}

/* Members of the group that ends at `end`, their inputs from outside and outputs to it. Lists have room for all there can be. */
static void fill_group(grouper_t *g, size_t end, ob_kit_group_t *group, const ob_value_view_t **inputs, const ob_value_view_t **outputs,
                       const ob_node_view_t **members) {
  for (size_t n = g->first[end]; n <= end; n++) {
    const ob_node_view_t *node = g->region->nodes[n];
    if (!together(g, n, end)) continue;
    members[group->member_count++] = node;
    for (size_t i = 0; i < node->input_count; i++) {
      const ob_value_view_t *value = node->inputs[i];
      if (!value || (value->producer >= 0 && together(g, (size_t)value->producer, end))) continue;
      if (g->seen[value->index] == g->node_count + 1) continue;
      g->seen[value->index] = (uint32_t)g->node_count + 1;
      inputs[group->view.input_count++] = value;
    }
    for (size_t o = 0; o < node->output_count; o++)
      if (node->outputs[o] && g->outside[node->outputs[o]->index]) outputs[group->view.output_count++] = node->outputs[o];
  }
}

static ob_status_t make_group(grouper_t *g, size_t end, const ob_node_view_t **view) {
  ob_arena_t *arena = &g->executable->arena;
  const ob_node_view_t *last = g->region->nodes[end];
  size_t inputs = 0, outputs = 0, members = 0;
  const ob_value_view_t **input_list, **output_list;
  const ob_node_view_t **member_list;
  ob_kit_group_t *group;
  for (size_t n = g->first[end]; n <= end; n++) {
    if (!together(g, n, end)) continue;
    members++;
    inputs += g->region->nodes[n]->input_count;
    outputs += g->region->nodes[n]->output_count;
  }
  OB_TRY(OB_ARENA_NEW(arena, &group));
  OB_TRY(OB_ARENA_ARRAY(arena, inputs, &input_list));
  OB_TRY(OB_ARENA_ARRAY(arena, outputs, &output_list));
  OB_TRY(OB_ARENA_ARRAY(arena, members, &member_list));
  group->view = *last; /* name and operator are for messages */
  group->view.attribute_count = group->view.input_count = group->view.output_count = 0;
  group->view.attributes = NULL;
  group->view.inputs = input_list;
  group->view.outputs = output_list;
  group->members = member_list;
  fill_group(g, end, group, input_list, output_list, member_list);
  group->view.index = (uint32_t)g->node_count;
  *view = &group->view;
  return OB_OK;
}

static ob_status_t make_step(grouper_t *g, size_t node) {
  ob_executable_t *executable = g->executable;
  if (!alone(g, node)) {
    OB_TRY(make_group(g, node, &g->nodes[g->node_count]));
    executable->is_group[g->node_count] = true;
  } else {
    ob_node_view_t *copy;
    OB_TRY(OB_ARENA_NEW(&executable->arena, &copy));
    *copy = *g->region->nodes[node];
    copy->index = (uint32_t)g->node_count;
    g->nodes[g->node_count] = copy;
  }
  executable->origins[g->node_count++] = (uint32_t)node;
  return OB_OK;
}

/* Values with their new producers. Nodes keep the old views of them: what they look at there is the same. */
static ob_status_t renumber_values(grouper_t *g, const ob_value_view_t *const **values) {
  ob_arena_t *arena = &g->executable->arena;
  const ob_value_view_t **list;
  OB_TRY(OB_ARENA_ARRAY(arena, g->region->value_count, &list));
  for (size_t v = 0; v < g->region->value_count; v++) {
    const ob_value_view_t *value = list[v] = g->region->values[v];
    if (value->producer < 0) continue;
    ob_value_view_t *copy;
    OB_TRY(OB_ARENA_NEW(arena, &copy));
    *copy = *value;
    const uint32_t last = g->last[value->producer];
    copy->producer = alone(g, last) || g->outside[v] ? (int32_t)g->step_of[last] : -1;
    list[v] = copy;
  }
  *values = list;
  return OB_OK;
}

ob_status_t ob_kit_group(ob_executable_t *executable) {
  const ob_region_view_t *region = executable->region;
  ob_arena_t *arena = &executable->arena;
  grouper_t g = {.executable = executable, .region = region};
  ob_region_view_t *steps;
  executable->steps = region;
  OB_TRY(OB_ARENA_ARRAY(arena, region->node_count, &executable->origins));
  OB_TRY(OB_ARENA_ARRAY(arena, region->node_count, &executable->is_group));
  for (size_t n = 0; n < region->node_count; n++) executable->origins[n] = (uint32_t)n;
  if (!executable->engine->kit->group) return OB_OK;
  OB_TRY(OB_ARENA_ARRAY(arena, region->node_count, &g.groups));
  OB_TRY(OB_ARENA_ARRAY(arena, region->node_count, &g.first));
  OB_TRY(OB_ARENA_ARRAY(arena, region->node_count, &g.last));
  OB_TRY(OB_ARENA_ARRAY(arena, region->node_count, &g.step_of));
  OB_TRY(OB_ARENA_ARRAY(arena, region->value_count, &g.outside));
  OB_TRY(OB_ARENA_ARRAY(arena, region->value_count, &g.seen));
  OB_TRY(OB_ARENA_ARRAY(arena, region->node_count, &g.nodes));
  OB_TRY(ask(&g));
  find_outside(&g);
  for (size_t n = 0; n < region->node_count; n++) {
    if (g.last[n] != n) continue;
    g.step_of[n] = (uint32_t)g.node_count;
    OB_TRY(make_step(&g, n));
  }
  OB_TRY(OB_ARENA_NEW(arena, &steps));
  *steps = *region;
  steps->nodes = g.nodes;
  steps->node_count = g.node_count;
  OB_TRY(renumber_values(&g, &steps->values));
  executable->steps = steps;
  return OB_OK;
}
