/* supports(): what a node itself must be, and whether it stands close enough to a contraction.
 *
 * Element-wise and data movement nodes run as fast on the engine cpu. They are taken where that keeps a region whole: between two
 * contractions, or right behind one, so that they are fused or stay in a blocked layout. */
#include <stdio.h>
#include <string.h>

#include "onednn/kinds.h"

/* How many nodes behind a contraction are still its tail. */
enum { TAIL = 4 };

bool dn_knows(const ob_node_view_t *node, dn_reason_t *reason) {
  const dn_kind_t *kind = dn_kind_find(node);
  if (!kind) return dn_refuse(reason, "%s: onednn does not have this operator", ob_quote(node->op));
  for (size_t i = 0; i < node->output_count; i++)
    if (i > 0 && node->outputs[i] && !kind->all_outputs) return dn_refuse(reason, "%s: onednn makes its first output only", node->op);
  if (!(kind->all_outputs ? dn_first_output(node) : node->output_count > 0 ? node->outputs[0] : NULL)) return dn_refuse(reason, "%s: has no output", node->op);
  return kind->supports(node, reason);
}

/* Distances of the marks: behind[n]: nodes back to the nearest contraction, 0 for one itself; FAR when there is none. */
enum { FAR = 1000 };

static int least(int a, int b) { return a < b ? a : b; }

static void mark_behind(const ob_region_view_t *region, const int8_t *role, int *behind) {
  for (size_t n = 0; n < region->node_count; n++) {
    const ob_node_view_t *node = region->nodes[n];
    behind[n] = FAR;
    if (role[n] < 0) continue;
    if (role[n] == DN_CONTRACTION) behind[n] = 0;
    for (size_t i = 0; behind[n] > 0 && i < node->input_count; i++) {
      const ob_value_view_t *value = node->inputs[i];
      if (value && value->producer >= 0) behind[n] = least(behind[n], behind[value->producer] + 1);
    }
  }
}

/* ahead[n]: a contraction follows, through nodes of ours. */
static void mark_ahead(const ob_region_view_t *region, const int8_t *role, bool *ahead) {
  for (size_t n = region->node_count; n-- > 0;) {
    const ob_node_view_t *node = region->nodes[n];
    if (role[n] < 0 || (role[n] != DN_CONTRACTION && !ahead[n])) continue;
    for (size_t i = 0; i < node->input_count; i++)
      if (node->inputs[i] && node->inputs[i]->producer >= 0) ahead[node->inputs[i]->producer] = true;
  }
}

static ob_status_t find_marks(const ob_engine_t *engine, const ob_region_view_t *region, bool *near) {
  ob_arena_t arena;
  int8_t *role;
  int *behind;
  bool *ahead;
  char text[256];
  ob_status_t status;
  ob_arena_init(&arena, engine->host->allocator);
  OB_TRY_GOTO(status, OB_ARENA_ARRAY(&arena, region->node_count, &role), done);
  OB_TRY_GOTO(status, OB_ARENA_ARRAY(&arena, region->node_count, &behind), done);
  OB_TRY_GOTO(status, OB_ARENA_ARRAY(&arena, region->node_count, &ahead), done);
  for (size_t n = 0; n < region->node_count; n++) {
    dn_reason_t reason = {text, sizeof text};
    role[n] = dn_knows(region->nodes[n], &reason) ? (int8_t)dn_kind_find(region->nodes[n])->role : -1;
  }
  mark_behind(region, role, behind);
  mark_ahead(region, role, ahead);
  for (size_t n = 0; n < region->node_count; n++)
    near[n] = behind[n] == 0 || (behind[n] < FAR && ahead[n]) || (behind[n] <= TAIL && role[n] == DN_LIGHT);
  /* A view is taken for the sake of what follows it: at the end of a tail it is not. */
  for (size_t n = region->node_count; n-- > 0;) {
    const ob_node_view_t *node = region->nodes[n];
    if (!near[n] || role[n] != DN_LIGHT) continue;
    for (size_t i = 0; i < node->input_count; i++) {
      int32_t producer = node->inputs[i] ? node->inputs[i]->producer : -1;
      while (producer >= 0 && role[producer] == DN_VIEW && behind[producer] <= TAIL && !near[producer]) {
        near[producer] = true;
        const ob_value_view_t *before = region->nodes[producer]->inputs[0];
        producer = before ? before->producer : -1;
      }
    }
  }
done:
  ob_arena_free(&arena);
  return status;
}

/* Marks of the graph that was asked about last; the partitioner asks node by node. */
static bool is_near(const ob_engine_t *engine, const ob_region_view_t *region, const ob_node_view_t *node) {
  dn_marks_t *marks = engine->marks;
  const void *key[4] = {region, region->nodes, region->nodes[0], region->nodes[region->node_count - 1]};
  if (node->index == 0 || marks->count != region->node_count || memcmp(key, marks->key, sizeof key) != 0) {
    ob_free(engine->host->allocator, marks->near);
    marks->near = NULL;
    marks->count = 0;
    if (OB_NEW_ARRAY(engine->host->allocator, region->node_count, &marks->near) != OB_OK) return false;
    if (find_marks(engine, region, marks->near) != OB_OK) return false;
    memcpy(marks->key, key, sizeof key);
    marks->count = region->node_count;
  }
  return marks->near[node->index];
}

bool dn_is_near(const ob_engine_t *engine, const ob_region_view_t *region, const ob_node_view_t *node) {
  pthread_mutex_lock(&engine->marks->mutex);
  bool near = is_near(engine, region, node);
  pthread_mutex_unlock(&engine->marks->mutex);
  return near;
}

bool dn_supports(const ob_engine_t *engine, const ob_region_view_t *region, const ob_node_view_t *node, char *text, size_t size) {
  dn_reason_t reason = {text, size};
  if (size > 0) text[0] = '\0';
  if (!dn_knows(node, &reason)) return false;
  const dn_kind_t *kind = dn_kind_find(node);
  if (kind->role == DN_CONTRACTION || dn_is_near(engine, region, node)) return true;
  return dn_refuse(&reason, "%s: the engine cpu does this as fast; onednn takes it only next to a contraction", node->op);
}
