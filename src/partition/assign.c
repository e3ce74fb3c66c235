/* Who takes which node, and why not the others. */
#include <stdio.h>
#include <string.h>

#include "op/view.h"
#include "partition/internal.h"

static bool is(const ob_node_view_t *node, const char *op) { return node->domain[0] == '\0' && strcmp(node->op, op) == 0; }

static bool is_light(const ob_node_view_t *node) { return is(node, "Relu") || is(node, "Clip") || is(node, "Flatten") || is(node, "Reshape"); }

static bool is_core(const ob_node_view_t *node) {
  return is(node, "Conv") || is(node, "Gemm") || is(node, "MatMul") || is(node, "Add") || is(node, "GlobalAveragePool");
}

/* What makes an input of the node, if it is a node. */
static const ob_node_view_t *before(const ob_region_view_t *view, const ob_node_view_t *node, size_t input) {
  const ob_value_view_t *value = input < node->input_count ? node->inputs[input] : NULL;
  return value && value->producer >= 0 ? view->nodes[value->producer] : NULL;
}

/* From a QuantizeLinear back to a DequantizeLinear, over one operator that can be computed in bytes: these nodes stay together. Engines
 * that fuse them get them, whatever comes first in the order. */
static void mark_quantised(const ob_region_view_t *view, const ob_node_view_t *node, bool *quantised) {
  const ob_node_view_t *core = before(view, node, 0);
  const ob_node_view_t *chain[4];
  size_t count = 0;
  while (core && is_light(core) && count < 3) {
    chain[count++] = core;
    core = before(view, core, 0);
  }
  if (!core || !is_core(core)) return;
  for (size_t i = 0; i < (is(core, "GlobalAveragePool") ? 1 : 2); i++) {
    const ob_node_view_t *from = before(view, core, i);
    if (!from || !is(from, "DequantizeLinear")) return;
  }
  chain[count++] = core;
  for (size_t i = 0; i < count; i++) quantised[chain[i]->index] = true;
}

/* The first taker that fuses quantised operators, for the nodes that are in one. */
static void prefer_fusing(const ob_partition_options_t *options, ob_placed_node_t *placed) {
  for (size_t c = 0; c < options->candidate_count; c++) {
    if (!(options->candidates[c].flags & OB_ENGINE_FUSES_QDQ) || !(placed->takers >> c & 1)) continue;
    placed->engine = (int)c;
    return;
  }
}

/* Asks all candidates about one node. */
static ob_status_t ask(ob_partitioning_t *p, const ob_region_view_t *view, ob_node_t *node) {
  const ob_partition_options_t *options = p->options;
  ob_placed_node_t *placed = &p->nodes[node->id];
  ob_module_t *module = p->graph->module;
  placed->engine = OB_NO_ENGINE;
  node->refusal_count = 0;
  if (node->op->flags & OB_OP_CONTROL) return OB_OK;
  OB_TRY(OB_ARENA_ARRAY(&module->arena, options->candidate_count, &node->refusals));
  for (size_t c = 0; c < options->candidate_count; c++) {
    const ob_candidate_t *candidate = &options->candidates[c];
    char reason[256] = "";
    const bool forbidden = ob_partition_forbids(options, candidate->name, node->op->name);
    if (forbidden) snprintf(reason, sizeof reason, "%s: forbidden by the caller", node->op->name);
    if (!forbidden && candidate->supports(candidate->self, view, view->nodes[node->id], reason, sizeof reason)) {
      placed->takers |= UINT64_C(1) << c;
      if (placed->engine == OB_NO_ENGINE) placed->engine = (int)c;
      continue;
    }
    ob_refusal_t *refusal = &node->refusals[node->refusal_count++];
    refusal->engine = candidate->name;
    OB_TRY(ob_arena_strdup(&module->arena, reason[0] ? reason : "refused without a reason", &refusal->reason));
  }
  return OB_OK;
}

static ob_status_t nobody(const ob_node_t *node) {
  char reasons[600] = "";
  for (size_t i = 0; i < node->refusal_count; i++) {
    size_t used = strlen(reasons);
    snprintf(reasons + used, sizeof reasons - used, "%s%s: %s", i > 0 ? "; " : "", node->refusals[i].engine,
             node->refusals[i].reason);
  }
  return ob_fail(OB_UNSUPPORTED, "node '%s' (%s): no engine takes it%s%s", ob_quote(node->name), node->op->name,
                 reasons[0] ? "; " : "", reasons);
}

ob_status_t ob_partition_assign(ob_partitioning_t *p) {
  ob_region_view_t *view;
  bool *quantised;
  OB_TRY(ob_view_create(p->graph, p->graph->name, NULL, p->arena, &view));
  OB_TRY(OB_ARENA_ARRAY(p->arena, view->node_count, &quantised));
  for (size_t i = 0; i < view->node_count; i++)
    if (is(view->nodes[i], "QuantizeLinear")) mark_quantised(view, view->nodes[i], quantised);
  for (size_t i = 0; i < p->graph->nodes.count; i++) {
    ob_node_t *node = p->graph->nodes.items[i];
    OB_TRY(ask(p, view, node));
    if (quantised[i]) prefer_fusing(p->options, &p->nodes[node->id]);
    if (p->nodes[i].engine == OB_NO_ENGINE && !(node->op->flags & OB_OP_CONTROL)) return nobody(node);
  }
  return OB_OK;
}

/* What surrounds a group: the one engine of all neighbours, OB_NO_ENGINE when there is none, or MIXED. */
enum { MIXED = -2 };

static void meet(int *around, int engine) {
  if (engine == OB_NO_ENGINE) return;
  *around = *around == OB_NO_ENGINE || *around == engine ? engine : MIXED;
}

ob_status_t ob_partition_give_back(ob_partitioning_t *p, bool *changed) {
  int *around;
  bool *willing; /* the engine around takes all nodes of the group */
  *changed = false;
  OB_TRY(OB_ARENA_ARRAY(p->arena, p->group_count, &around));
  OB_TRY(OB_ARENA_ARRAY(p->arena, p->group_count, &willing));
  for (size_t g = 0; g < p->group_count; g++) around[g] = OB_NO_ENGINE, willing[g] = p->groups[g].light && !p->groups[g].dynamic;
  for (size_t e = 0; e < p->edge_count; e++) {
    const ob_placed_node_t *from = &p->nodes[p->edges[2 * e]], *to = &p->nodes[p->edges[2 * e + 1]];
    if (from->group == to->group) continue;
    if (!to->dynamic) meet(&around[from->group], to->engine);
    if (!from->dynamic) meet(&around[to->group], from->engine);
  }
  for (size_t i = 0; i < p->graph->nodes.count; i++) {
    const ob_placed_node_t *node = &p->nodes[i];
    int engine = around[node->group];
    /* only downwards in preference: this is what makes the rounds end */
    if (engine <= node->engine || !(node->takers >> engine & 1)) willing[node->group] = false;
  }
  for (size_t i = 0; i < p->graph->nodes.count; i++) {
    ob_placed_node_t *node = &p->nodes[i];
    if (!willing[node->group]) continue;
    node->engine = around[node->group];
    node->given_back = true;
    *changed = true;
  }
  return OB_OK;
}
