/* Which nodes make up a quantised stretch: operators of bytes one after another, as long as nobody outside needs what they make. */
#include <string.h>

#include "base/status.h"
#include "cpu/quant/quant.h"

typedef struct islands {
  const ob_region_view_t *region;
  ob_quant_nodes_t nodes;
  ob_quant_op_t *ops;     /* [node] of a QuantizeLinear */
  bool *valid;            /* [node] its op is computed in bytes */
  uint32_t *member;       /* [node] the QuantizeLinear whose op it is in, or OB_KIT_ALONE; of a DequantizeLinear one of them */
  uint32_t *uses;         /* [node] of a DequantizeLinear: by ops */
  uint32_t *island;       /* [node] its group, named after its last node */
} islands_t;

/* An op counts only when nobody but such ops wants its inputs as floats. */
static void count_uses(islands_t *g) {
  memset(g->uses, 0, g->region->node_count * sizeof *g->uses);
  for (size_t n = 0; n < g->region->node_count; n++)
    for (size_t i = 0; g->valid[n] && i < g->ops[n].x_count; i++) g->uses[g->ops[n].dequantize[i]->index]++;
}

static bool wants_all(const islands_t *g, const ob_quant_op_t *op) {
  for (size_t i = 0; i < op->x_count; i++) {
    const ob_value_view_t *value = op->dequantize[i]->outputs[0];
    if (value->is_output || value->use_count != g->uses[op->dequantize[i]->index]) return false;
  }
  for (size_t i = 0; i < op->part_count; i++) /* weights that others use too */
    if (op->parts[i]->inputs[0]->is_constant && (op->parts[i]->outputs[0]->use_count != 1 || op->parts[i]->outputs[0]->is_output)) return false;
  return true;
}

static void drop_misfits(islands_t *g) {
  for (bool changed = true; changed;) {
    changed = false;
    count_uses(g);
    for (size_t n = 0; n < g->region->node_count; n++) {
      if (!g->valid[n] || wants_all(g, &g->ops[n])) continue;
      g->valid[n] = false;
      changed = true;
    }
  }
}

static void mark_members(islands_t *g) {
  for (size_t n = 0; n < g->region->node_count; n++) g->member[n] = g->island[n] = OB_KIT_ALONE;
  for (size_t n = 0; n < g->region->node_count; n++)
    for (size_t i = 0; g->valid[n] && i < g->ops[n].part_count; i++) g->member[g->ops[n].parts[i]->index] = (uint32_t)n;
}

/* Does a node outside use what the island makes? */
static bool ends(const islands_t *g, const ob_node_view_t *node, uint32_t island) {
  if (g->member[node->index] != OB_KIT_ALONE) return false;
  for (size_t i = 0; i < node->input_count; i++) {
    const ob_value_view_t *value = node->inputs[i];
    if (value && value->producer >= 0 && g->island[value->producer] == island) return true;
  }
  return false;
}

/* False: a node of the op is in an earlier island already. Then the op stays outside. */
static bool enter(islands_t *g, size_t n, uint32_t island) {
  const ob_quant_op_t *op = &g->ops[n];
  for (size_t i = 0; i < op->part_count; i++)
    if (g->island[op->parts[i]->index] != OB_KIT_ALONE && g->island[op->parts[i]->index] != island) return false;
  for (size_t i = 0; i < op->part_count; i++) g->island[op->parts[i]->index] = island;
  return true;
}

/* Gives islands preliminary names: the node where they began. */
static bool form(islands_t *g) {
  uint32_t island = OB_KIT_ALONE;
  mark_members(g);
  for (size_t n = 0; n < g->region->node_count; n++) {
    if (island != OB_KIT_ALONE && ends(g, g->region->nodes[n], island)) island = OB_KIT_ALONE;
    if (!g->valid[n]) continue;
    if (island == OB_KIT_ALONE) island = (uint32_t)n;
    if (enter(g, n, island)) continue;
    g->valid[n] = false;
    return false;
  }
  return true;
}

/* Islands with something heavy in them, named after their last node. */
static void name(islands_t *g, uint32_t *groups) {
  for (size_t n = 0; n < g->region->node_count; n++) groups[n] = OB_KIT_ALONE;
  for (size_t first = 0; first < g->region->node_count; first++) {
    if (g->island[first] != first) continue;
    uint32_t last = 0;
    bool heavy = false;
    for (size_t n = 0; n < g->region->node_count; n++) {
      if (g->island[n] != first) continue;
      last = (uint32_t)n;
      heavy |= g->valid[n] && (g->ops[n].kind == OB_QUANT_CONV || g->ops[n].kind == OB_QUANT_GEMM);
    }
    for (size_t n = 0; heavy && n <= last; n++)
      if (g->island[n] == first) groups[n] = last;
  }
}

static ob_status_t group(islands_t *g, ob_arena_t *arena, uint32_t *groups) {
  const size_t count = g->region->node_count;
  bool any = false;
  for (size_t n = 0; n < count; n++) groups[n] = OB_KIT_ALONE;
  for (size_t n = 0; n < count && !any; n++) any = strcmp(g->region->nodes[n]->op, "QuantizeLinear") == 0;
  if (!any) return OB_OK;
  OB_TRY(OB_ARENA_ARRAY(arena, count, &g->ops));
  OB_TRY(OB_ARENA_ARRAY(arena, count, &g->valid));
  OB_TRY(OB_ARENA_ARRAY(arena, count, &g->member));
  OB_TRY(OB_ARENA_ARRAY(arena, count, &g->uses));
  OB_TRY(OB_ARENA_ARRAY(arena, count, &g->island));
  for (size_t n = 0; n < count; n++) g->valid[n] = ob_quant_read(&g->nodes, g->region->nodes[n], &g->ops[n]);
  do {
    drop_misfits(g);
  } while (!form(g));
  name(g, groups);
  return OB_OK;
}

ob_status_t ob_quant_group(const ob_region_view_t *region, uint32_t *groups) {
  islands_t g = {.region = region, .nodes = {region->nodes, region->node_count}};
  ob_arena_t arena;
  ob_arena_init(&arena, ob_kit_host()->allocator);
  ob_status_t status = group(&g, &arena, groups);
  ob_arena_free(&arena);
  return status;
}

/* A chain of element-wise nodes has nothing heavy in it. */
bool ob_quant_is_group(const ob_kit_group_t *group) {
  for (size_t m = 0; m < group->member_count; m++)
    if (strcmp(group->members[m]->op, "Conv") == 0 || strcmp(group->members[m]->op, "Gemm") == 0 || strcmp(group->members[m]->op, "MatMul") == 0)
      return true;
  return false;
}
