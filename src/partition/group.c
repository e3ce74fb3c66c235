/* Convex groups by levels.
 *
 * A node's level is the largest of its predecessors': theirs if they are of the same engine, else one more. Nodes of one
 * engine and level form a group. An edge between groups therefore always leads to a higher level, so the graph of groups has
 * no cycle, which is what convexity means; splitting a group into its connected parts keeps that. Linear in the graph. */
#include "partition/internal.h"

/* Control flow and dynamic nodes stand alone: no two share a group. */
static bool alone(const ob_placed_node_t *node) { return node->engine == OB_NO_ENGINE || node->dynamic; }

static bool may_join(const ob_placed_node_t *a, const ob_placed_node_t *b) {
  return !alone(a) && !alone(b) && a->engine == b->engine;
}

/* Data edges are listed in topological order, so that one pass does for them; an edge from a run-time symbol may point backwards
 * in the list and take another. */
static void set_levels(ob_partitioning_t *p) {
  for (size_t i = 0; i < p->graph->nodes.count; i++) p->nodes[i].level = 0;
  bool changed = true;
  for (size_t round = 0; changed && round <= p->graph->nodes.count; round++) {
    changed = false;
    for (size_t e = 0; e < p->edge_count; e++) {
      const ob_placed_node_t *from = &p->nodes[p->edges[2 * e]];
      ob_placed_node_t *to = &p->nodes[p->edges[2 * e + 1]];
      uint32_t level = from->level + (may_join(from, to) ? 0 : 1);
      if (level > to->level) to->level = level, changed = true;
    }
  }
}

static uint32_t find(uint32_t *parent, uint32_t i) {
  while (parent[i] != i) i = parent[i] = parent[parent[i]];
  return i;
}

/* The smaller id becomes the root: a group's root is its first node. */
static void join(uint32_t *parent, uint32_t a, uint32_t b) {
  a = find(parent, a), b = find(parent, b);
  if (a < b) parent[b] = a;
  else parent[a] = b;
}

static bool same_group(const ob_partitioning_t *p, uint32_t a, uint32_t b) {
  return may_join(&p->nodes[a], &p->nodes[b]) && p->nodes[a].level == p->nodes[b].level;
}

/* Nodes that read one value belong together as much as a producer and its user do. `reader` is node id + 1 by engine for
 * the value at hand. */
static ob_status_t join_readers(ob_partitioning_t *p, uint32_t *parent) {
  const ob_graph_t *graph = p->graph;
  size_t engines = p->options->candidate_count;
  uint32_t *reader;
  OB_TRY(OB_ARENA_ARRAY(p->arena, graph->values.count * engines, &reader));
  for (size_t i = 0; i < graph->nodes.count; i++) {
    const ob_node_t *node = graph->nodes.items[i];
    if (alone(&p->nodes[i])) continue;
    for (size_t k = 0; k < node->input_count; k++) {
      const ob_value_t *value = node->inputs[k];
      if (!value || value->constant) continue;
      uint32_t *last = &reader[value->id * engines + (size_t)p->nodes[i].engine];
      if (*last > 0 && same_group(p, *last - 1, (uint32_t)i)) join(parent, *last - 1, (uint32_t)i);
      *last = (uint32_t)i + 1;
    }
  }
  return OB_OK;
}

ob_status_t ob_partition_group(ob_partitioning_t *p) {
  size_t count = p->graph->nodes.count;
  uint32_t *parent;
  set_levels(p);
  OB_TRY(OB_ARENA_ARRAY(p->arena, count, &parent));
  for (uint32_t i = 0; i < count; i++) parent[i] = i;
  for (size_t e = 0; e < p->edge_count; e++)
    if (same_group(p, p->edges[2 * e], p->edges[2 * e + 1])) join(parent, p->edges[2 * e], p->edges[2 * e + 1]);
  OB_TRY(join_readers(p, parent));

  OB_TRY(OB_ARENA_ARRAY(p->arena, count, &p->groups));
  p->group_count = 0;
  for (uint32_t i = 0; i < count; i++) {
    ob_placed_node_t *node = &p->nodes[i];
    uint32_t root = find(parent, i);
    if (root == i) {
      node->group = (uint32_t)p->group_count++;
      p->groups[node->group] = (ob_group_t){.engine = node->engine, .dynamic = node->dynamic, .light = true, .first = i};
    }
    node->group = p->nodes[root].group;
    ob_group_t *group = &p->groups[node->group];
    group->node_count++;
    group->given_back |= node->given_back;
    if (p->graph->nodes.items[i]->op->flags & (OB_OP_CONTRACTION | OB_OP_CONTROL)) group->light = false;
  }
  return OB_OK;
}
