/* Outlining: the nodes of a group move into the body of a region, and a call takes their place. */
#include <string.h>

#include "partition/internal.h"

/* State while one graph is outlined. */
typedef struct outliner {
  ob_partitioning_t *p;
  ob_value_t **inside;  /* body's value by id of the outer value, valid while `stamp` says so */
  ob_value_t **inputs;  /* outer values behind the body's inputs and outputs, in their order */
  ob_value_t **outputs;
  uint32_t *stamp;      /* group + 1 for which `inside` holds */
  bool *leaves;         /* value is used outside of the group that makes it, or is an output of the graph */
  ob_node_t **order;    /* the graph's nodes by group: members[starts[g]] ... */
  size_t *starts;
} outliner_t;

static bool used_elsewhere(const ob_partitioning_t *p, const ob_value_t *value, uint32_t user) {
  return value && value->producer && p->nodes[value->producer->id].group != p->nodes[user].group;
}

static void find_leaving(outliner_t *o) {
  const ob_graph_t *graph = o->p->graph;
  for (size_t i = 0; i < graph->outputs.count; i++) o->leaves[graph->outputs.items[i]->id] = true;
  for (uint32_t i = 0; i < graph->nodes.count; i++) {
    const ob_node_t *node = graph->nodes.items[i];
    for (size_t k = 0; k < node->input_count; k++)
      if (used_elsewhere(o->p, node->inputs[k], i)) o->leaves[node->inputs[k]->id] = true;
    for (size_t b = 0; b < node->body_count; b++)
      for (size_t k = 0; k < node->bodies[b].capture_count; k++) o->leaves[node->bodies[b].captures[k]->id] = true;
  }
}

/* Fills `order` and `starts`: nodes sorted by group, each group in topological order. */
static ob_status_t sort_by_group(outliner_t *o) {
  const ob_partitioning_t *p = o->p;
  size_t count = p->graph->nodes.count, *next;
  OB_TRY(OB_ARENA_ARRAY(p->arena, count, &o->order));
  OB_TRY(OB_ARENA_ARRAY(p->arena, p->group_count + 1, &o->starts));
  OB_TRY(OB_ARENA_ARRAY(p->arena, p->group_count + 1, &next));
  for (size_t i = 0; i < count; i++) o->starts[p->nodes[i].group + 1]++;
  for (size_t g = 0; g < p->group_count; g++) o->starts[g + 1] += o->starts[g];
  memcpy(next, o->starts, (p->group_count + 1) * sizeof *next);
  for (size_t i = 0; i < count; i++) o->order[next[p->nodes[i].group]++] = p->graph->nodes.items[i];
  return OB_OK;
}

/* A value of the body with name, type and content of the outer one. */
static ob_status_t copy_value(ob_graph_t *body, const ob_value_t *outer, ob_value_t **value) {
  OB_TRY(ob_value_create(body, outer->name, value));
  (*value)->type = outer->type;
  (*value)->content = outer->content;
  (*value)->content_count = outer->content_count;
  return OB_OK;
}

static bool is_pure_content(const ob_graph_t *graph, const ob_value_t *value) {
  if (value->producer || !value->content) return false;
  for (size_t i = 0; i < graph->inputs.count; i++)
    if (graph->inputs.items[i] == value) return false;
  return true;
}

/* The body's value for an outer one that a member reads: a constant, symbolic content, or a new input of the region. */
static ob_status_t read_value(outliner_t *o, uint32_t group, ob_graph_t *body, ob_value_t *outer, ob_value_t **value) {
  if (!outer) {
    *value = NULL;
    return OB_OK;
  }
  if (o->stamp[outer->id] != group + 1) {
    ob_value_t *fresh;
    if (outer->constant) {
      OB_TRY(ob_value_from_constant(body, outer->constant, &fresh));
    } else {
      OB_TRY(copy_value(body, outer, &fresh));
      if (!is_pure_content(o->p->graph, outer)) {
        o->inputs[body->inputs.count] = outer;
        OB_TRY(ob_graph_add_input(body, fresh));
      }
    }
    o->inside[outer->id] = fresh;
    o->stamp[outer->id] = group + 1;
  }
  *value = o->inside[outer->id];
  return OB_OK;
}

static ob_status_t move_node(outliner_t *o, uint32_t group, ob_graph_t *body, const ob_node_t *node) {
  ob_node_t *copy;
  OB_TRY(ob_node_create(body, node->op, node->name, node->input_count, node->output_count, &copy));
  copy->attributes = node->attributes;
  copy->attribute_count = node->attribute_count;
  copy->refusals = node->refusals;
  copy->refusal_count = node->refusal_count;
  copy->extra = node->extra;
  for (size_t i = 0; i < node->input_count; i++) OB_TRY(read_value(o, group, body, node->inputs[i], &copy->inputs[i]));
  for (size_t i = 0; i < node->output_count; i++) {
    ob_value_t *outer = node->outputs[i], *value;
    if (!outer) continue;
    OB_TRY(copy_value(body, outer, &value));
    ob_node_set_output(copy, i, value);
    o->inside[outer->id] = value;
    o->stamp[outer->id] = group + 1;
    if (!o->leaves[outer->id]) continue;
    o->outputs[body->outputs.count] = outer;
    OB_TRY(ob_graph_add_output(body, value));
  }
  return OB_OK;
}

/* "onednn_3": the engine's name and how many regions it has already. */
static ob_status_t create_region(ob_partitioning_t *p, const ob_group_t *group, ob_region_t **region) {
  ob_module_t *module = p->graph->module;
  const char *engine = p->options->candidates[group->engine].name;
  size_t taken = 0;
  for (size_t i = 0; i < module->regions.count; i++) taken += strcmp(module->regions.items[i]->engine, engine) == 0;
  OB_TRY(OB_ARENA_NEW(&module->arena, region));
  ob_region_t *r = *region;
  r->dynamic = group->dynamic;
  r->index = (uint32_t)module->regions.count;
  OB_TRY(ob_arena_strdup(&module->arena, engine, &r->engine));
  OB_TRY(ob_arena_printf(&module->arena, &r->symbol, "%s_%zu", engine, taken));
  const char *nodes = group->node_count == 1 ? "node" : "nodes";
  if (group->given_back)
    OB_TRY(ob_arena_printf(&module->arena, &r->why, "light %s among %s regions", nodes, engine));
  else if (group->engine == 0)
    OB_TRY(ob_arena_printf(&module->arena, &r->why, "first choice for %u %s", group->node_count, nodes));
  else
    OB_TRY(ob_arena_printf(&module->arena, &r->why, "first engine in the order that takes %s", group->node_count == 1 ? "it" : "them"));
  OB_TRY(ob_graph_create(module, r->symbol, &r->body));
  return ob_array_push(module->allocator, &module->regions, r);
}

static ob_status_t outline_group(outliner_t *o, uint32_t g) {
  ob_partitioning_t *p = o->p;
  const ob_group_t *group = &p->groups[g];
  ob_region_t *region;
  ob_node_t *call;
  OB_TRY(create_region(p, group, &region));
  for (size_t i = o->starts[g]; i < o->starts[g + 1]; i++) OB_TRY(move_node(o, g, region->body, o->order[i]));
  size_t inputs = region->body->inputs.count, outputs = region->body->outputs.count;
  OB_TRY(ob_node_create(p->graph, &ob_op_region, region->symbol, inputs, outputs, &call));
  call->region = region;
  if (inputs > 0) memcpy(call->inputs, o->inputs, inputs * sizeof *call->inputs);
  for (size_t i = 0; i < outputs; i++) ob_node_set_output(call, i, o->outputs[i]);
  return OB_OK;
}

/* Groups in an order in which each comes after those that it depends on, and otherwise as the model has them. */
static ob_status_t schedule(const ob_partitioning_t *p, uint32_t *order) {
  size_t count = p->group_count;
  uint32_t *waiting;
  bool *done;
  OB_TRY(OB_ARENA_ARRAY(p->arena, count, &waiting));
  OB_TRY(OB_ARENA_ARRAY(p->arena, count, &done));
  for (size_t e = 0; e < p->edge_count; e++) {
    uint32_t from = p->nodes[p->edges[2 * e]].group, to = p->nodes[p->edges[2 * e + 1]].group;
    if (from != to) waiting[to]++;
  }
  for (size_t n = 0; n < count; n++) {
    size_t next = 0; /* groups are numbered by their first node */
    while (next < count && (done[next] || waiting[next] > 0)) next++;
    if (next == count) return ob_fail(OB_INTERNAL, "graph '%s': regions form a cycle", ob_quote(p->graph->name));
    done[next] = true;
    order[n] = (uint32_t)next;
    for (size_t e = 0; e < p->edge_count; e++) {
      uint32_t from = p->nodes[p->edges[2 * e]].group, to = p->nodes[p->edges[2 * e + 1]].group;
      if (from == next && from != to) waiting[to]--;
    }
  }
  return OB_OK;
}

ob_status_t ob_partition_outline(ob_partitioning_t *p) {
  ob_graph_t *graph = p->graph;
  outliner_t o = {.p = p};
  uint32_t *order;
  OB_TRY(OB_ARENA_ARRAY(p->arena, graph->values.count, &o.inside));
  OB_TRY(OB_ARENA_ARRAY(p->arena, graph->values.count, &o.inputs));
  OB_TRY(OB_ARENA_ARRAY(p->arena, graph->values.count, &o.outputs));
  OB_TRY(OB_ARENA_ARRAY(p->arena, graph->values.count, &o.stamp));
  OB_TRY(OB_ARENA_ARRAY(p->arena, graph->values.count, &o.leaves));
  OB_TRY(OB_ARENA_ARRAY(p->arena, p->group_count, &order));
  find_leaving(&o);
  OB_TRY(sort_by_group(&o));
  OB_TRY(schedule(p, order));
  size_t old_count = graph->nodes.count;
  for (size_t n = 0; n < p->group_count; n++) {
    uint32_t g = order[n];
    if (p->groups[g].engine == OB_NO_ENGINE)
      OB_TRY(ob_array_push(graph->module->allocator, &graph->nodes, o.order[o.starts[g]]));
    else
      OB_TRY(outline_group(&o, g));
  }
  if (graph->nodes.count == 0) return ob_graph_compact(graph); /* a body that only hands values on */
  memmove(graph->nodes.items, graph->nodes.items + old_count, (graph->nodes.count - old_count) * sizeof *graph->nodes.items);
  graph->nodes.count -= old_count;
  for (size_t i = 0; i < graph->nodes.count; i++) graph->nodes.items[i]->id = (uint32_t)i;
  return ob_graph_compact(graph);
}
