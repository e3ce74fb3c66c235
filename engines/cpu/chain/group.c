/* Which nodes run as one chain: element-wise nodes of one shape that feed each other, as long as nobody outside needs what they make
 * before the last of them has run. */
#include "cpu/chain/group.h"

#include <string.h>

#include "cpu/chain/lower.h"

/* So few that registers, inputs and the L1 cache suffice. */
enum { MAX_MEMBERS = 16, MAX_INPUTS = 16, MAX_USES = 24 };

typedef struct grouping {
  const ob_region_view_t *region;
  uint32_t *groups; /* [node] */
} grouping_t;

static bool has_symbols(const ob_node_view_t *node) {
  for (size_t a = 0; a < node->attribute_count; a++)
    if (node->attributes[a]->symbolic) return true;
  return false;
}

/* Dims are known to be the same: as numbers, or as expressions. */
static bool same_shape(const ob_value_view_t *a, const ob_value_view_t *b) {
  if (a->rank != b->rank || a->rank < 0) return false;
  for (int32_t i = 0; i < a->rank; i++) {
    if (a->dims[i] != b->dims[i]) return false;
    if (a->dims[i] < 0 && strcmp(a->dim_texts[i], b->dim_texts[i]) != 0) return false;
  }
  return true;
}

static bool can_chain(const ob_node_view_t *node) {
  return ob_elementwise_find(node) && node->outputs[0] && node->outputs[0]->rank >= 0 && node->input_count <= OB_CHAIN_INPUTS && !has_symbols(node);
}

static bool in_either(const grouping_t *g, size_t node, uint32_t a, uint32_t b) { return g->groups[node] == a || g->groups[node] == b; }

/* Would groups a and b together be small enough? Uses are counted, not values: that is on the safe side. */
static bool is_small(const grouping_t *g, uint32_t a, uint32_t b, size_t last) {
  size_t members = 0, inputs = 0, uses = 0;
  for (size_t n = 0; n <= last; n++) {
    if (!in_either(g, n, a, b)) continue;
    const ob_node_view_t *node = g->region->nodes[n];
    members++;
    uses += node->input_count;
    for (size_t i = 0; i < node->input_count; i++) {
      const ob_value_view_t *value = node->inputs[i];
      inputs += value && !(value->producer >= 0 && in_either(g, (size_t)value->producer, a, b));
    }
  }
  return members <= MAX_MEMBERS && inputs <= MAX_INPUTS && uses <= MAX_USES;
}

/* Does a node before `last`, outside the groups, use what they make? And do members use each other's values only as tiles? */
static bool is_legal(const grouping_t *g, uint32_t a, uint32_t b, size_t last) {
  for (size_t n = 0; n <= last; n++) {
    const ob_node_view_t *node = g->region->nodes[n];
    const bool member = in_either(g, n, a, b);
    const ob_elementwise_t *op = member ? ob_elementwise_find(node) : NULL;
    for (size_t i = 0; i < node->input_count; i++) {
      const ob_value_view_t *value = node->inputs[i];
      if (!value || value->producer < 0 || !in_either(g, (size_t)value->producer, a, b)) continue;
      if (!member) return false;
      if (!same_shape(value, node->outputs[0]) || (i > 0 && op->by_channel)) return false;
    }
  }
  return true;
}

static void merge(grouping_t *g, uint32_t into, uint32_t from, size_t last) {
  for (size_t n = 0; n <= last; n++)
    if (g->groups[n] == from) g->groups[n] = into;
}

/* Groups are named after their youngest node; a group of one is no group. */
static void dissolve_singles(grouping_t *g) {
  for (size_t n = 0; n < g->region->node_count; n++) {
    if (g->groups[n] != n) continue;
    bool single = true;
    for (size_t m = 0; m < n && single; m++) single = g->groups[m] != n;
    if (single) g->groups[n] = OB_KIT_ALONE;
  }
}

ob_status_t ob_chain_group(const ob_region_view_t *region, const uint32_t *taken, uint32_t *groups) {
  grouping_t g = {.region = region, .groups = groups};
  for (size_t n = 0; n < region->node_count; n++) {
    const ob_node_view_t *node = region->nodes[n];
    if ((taken && taken[n] != OB_KIT_ALONE) || !can_chain(node)) continue;
    groups[n] = (uint32_t)n;
    for (size_t i = 0; i < node->input_count; i++) {
      const ob_value_view_t *value = node->inputs[i];
      if (!value || value->producer < 0 || groups[value->producer] == OB_KIT_ALONE || groups[value->producer] == n) continue;
      if (!same_shape(value, node->outputs[0])) continue;
      const uint32_t from = groups[value->producer];
      if (is_small(&g, (uint32_t)n, from, n) && is_legal(&g, (uint32_t)n, from, n)) merge(&g, (uint32_t)n, from, n);
    }
  }
  dissolve_singles(&g);
  return OB_OK;
}

/* ---------------------------------------------------------------- the kernel of a group */

/* Registers of values met so far. */
typedef struct scope {
  const ob_kernel_setup_t *setup;
  ob_chain_builder_t builder;
  struct {
    uint32_t value;
    ob_reg_t reg;
  } known[OB_CHAIN_REGISTERS];
  size_t count;
} scope_t;

static void remember(scope_t *scope, uint32_t value, ob_reg_t reg) {
  if (scope->count == OB_CHAIN_REGISTERS) return;
  scope->known[scope->count].value = value;
  scope->known[scope->count++].reg = reg;
}

static ob_reg_t recall(const scope_t *scope, uint32_t value) {
  for (size_t i = 0; i < scope->count; i++)
    if (scope->known[i].value == value) return scope->known[i].reg;
  return -1;
}

/* The group's number of an input, or -1 for a value made inside. */
static int number_of(const ob_kernel_setup_t *setup, const ob_value_view_t *value) {
  for (size_t i = 0; i < setup->node->input_count; i++)
    if (setup->node->inputs[i]->index == value->index) return (int)i;
  return -1;
}

static void lower_member(scope_t *scope, const ob_node_view_t *node) {
  const ob_elementwise_t *op = ob_elementwise_find(node);
  ob_reg_t in[OB_CHAIN_INPUTS];
  uint32_t which[OB_CHAIN_INPUTS];
  const ob_tensor_t *tensors[OB_CHAIN_INPUTS];
  for (size_t i = 0; i < node->input_count; i++) {
    in[i] = -1;
    which[i] = 0;
    tensors[i] = NULL;
    if (!node->inputs[i]) continue;
    const int number = number_of(scope->setup, node->inputs[i]);
    if (number >= 0) {
      which[i] = (uint32_t)number;
      tensors[i] = scope->setup->inputs[number];
    }
    if ((i > 0 && op->by_channel) || (i == 1 && op->lower == lower_cast)) continue;
    in[i] = recall(scope, node->inputs[i]->index);
    if (in[i] >= 0 || number < 0) continue;
    in[i] = ob_chain_input(&scope->builder, which[i], tensors[i]);
    remember(scope, node->inputs[i]->index, in[i]);
  }
  const ob_lowering_t lowering = {.op = op, .node = node, .in = in, .which = which, .tensors = tensors, .rank = scope->builder.rank};
  remember(scope, node->outputs[0]->index, op->lower(&scope->builder, &lowering));
}

static ob_status_t prepare(ob_kernel_setup_t *setup) {
  const ob_kit_group_t *group = (const ob_kit_group_t *)(const void *)setup->node;
  if (setup->node->output_count == 0) return OB_OK; /* nobody wants what it makes */
  const ob_tensor_t *out = setup->outputs[0];
  scope_t scope = {.setup = setup};
  if (out->rank < 0) return ob_fail(OB_INTERNAL, "its output has no shape");
  OB_TRY(ob_chain_begin(&scope.builder, setup->arena, out->rank, out->dims));
  for (size_t m = 0; m < group->member_count; m++) lower_member(&scope, group->members[m]);
  for (size_t o = 0; o < setup->node->output_count; o++)
    ob_chain_output(&scope.builder, recall(&scope, setup->node->outputs[o]->index), (uint32_t)o);
  if (setup->node->output_count == 1) setup->in_place = ob_chain_in_place(setup);
  return ob_chain_prepared(setup, &scope.builder);
}

static ob_status_t run(const ob_kernel_call_t *call) { return call->state ? ob_chain_call(call) : OB_OK; }

const ob_kernel_t ob_chain_group_kernel = {.op = "chain", .domain = "", .prepare = prepare, .run = run};
