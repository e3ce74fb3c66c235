/* compile, first half: nodes of a region become ops, with what oneDNN can do behind a primitive fused to it. */
#include <string.h>

#include "onednn/kinds.h"

typedef struct builder {
  ob_executable_t *executable;
  const ob_region_view_t *region;
  uint32_t *consumer; /* [value] the last node that reads it */
  bool *done;         /* [node] */
} builder_t;

static bool has_algorithm(const dn_op_t *op, dnnl_alg_kind_t algorithm) {
  for (size_t i = 0; i < op->fused_count; i++)
    if (!op->fused[i].binary && op->fused[i].algorithm == algorithm) return true;
  return false;
}

/* Two element-wise post-operations of one algorithm give wrong results in oneDNN's JIT convolutions: never. */
static bool fuse_function(dn_op_t *op, const ob_node_view_t *node, const dn_kind_t *kind) {
  dn_function_t function;
  if (!kind->function || !kind->function(node, &function)) return false;
  if (op->fused_count + function.count > DN_MAX_POSTS) return false;
  for (size_t i = 0; i < function.count; i++)
    if (has_algorithm(op, function.part[i].algorithm)) return false;
  for (size_t i = 0; i < function.count; i++)
    op->fused[op->fused_count++] = (dn_fused_t){.node = node,
                                                .algorithm = function.part[i].algorithm,
                                                .alpha = function.part[i].alpha,
                                                .beta = function.part[i].beta,
                                                .operand = DN_NONE,
                                                .result = i + 1 == function.count ? node->outputs[0]->index : DN_NONE};
  return true;
}

static bool commutes(dnnl_alg_kind_t algorithm) { return algorithm != dnnl_binary_sub && algorithm != dnnl_binary_div; }

/* A constant vector along the dim that the primitive calls its output channels. */
static bool is_bias(const dn_op_t *op, const ob_value_view_t *out, const ob_value_view_t *operand) {
  int32_t channel = op->kind->role == DN_CONTRACTION && strncmp(op->node->op, "Conv", 4) == 0 ? 1 : out->rank - 1;
  if (!operand->is_constant || channel >= out->rank || out->dims[channel] == OB_DYNAMIC) return false;
  int32_t shift = out->rank - operand->rank;
  for (int32_t d = 0; d < operand->rank; d++)
    if (operand->dims[d] != (d + shift == channel ? out->dims[channel] : 1)) return false;
  return shift <= channel;
}

static bool fuse_binary(dn_op_t *op, const ob_node_view_t *node, const dn_kind_t *kind, uint32_t current) {
  if (kind->binary == dnnl_alg_kind_undef || node->input_count != 2 || op->fused_count == DN_MAX_POSTS) return false;
  size_t at = node->inputs[0]->index == current ? 0 : 1;
  const ob_value_view_t *operand = node->inputs[1 - at], *self = node->inputs[at], *out = node->outputs[0];
  if (operand->index == current || (at == 1 && !commutes(kind->binary))) return false;
  if (!dn_same_shape(self, out) || !dn_broadcasts_to(operand, out)) return false;
  if (op->kind->takes & DN_TAKES_BIAS && op->bias == DN_NONE && op->fused_count == 0 && kind->binary == dnnl_binary_add &&
      is_bias(op, out, operand)) {
    op->bias = operand->index;
    op->base = out->index;
    return true;
  }
  if (!(op->kind->takes & DN_TAKES_BINARY)) return false;
  op->fused[op->fused_count++] =
      (dn_fused_t){.node = node, .binary = true, .algorithm = kind->binary, .operand = operand->index, .result = out->index};
  return true;
}

/* Takes the nodes behind the op as long as its result goes nowhere else. */
static void fuse(builder_t *b, dn_op_t *op) {
  for (;;) {
    const ob_value_view_t *current = b->region->values[op->output];
    if (current->is_output || current->use_count != 1) return;
    const ob_node_view_t *next = b->region->nodes[b->consumer[op->output]];
    const dn_kind_t *kind = dn_kind_find(next);
    dn_reason_t nothing = {NULL, 0};
    if (b->done[next->index] || !kind || !dn_knows(next, &nothing)) return;
    bool fused = (op->kind->takes & DN_TAKES_ELTWISE && fuse_function(op, next, kind)) ||
                 (op->kind->takes & (DN_TAKES_BINARY | DN_TAKES_BIAS) && fuse_binary(op, next, kind, op->output));
    if (!fused) return;
    op->output = next->outputs[0]->index;
    op->place = next->index;
    b->done[next->index] = true;
  }
}

/* Ops by the place of their last node: then all that a fused node reads is there. Each place is taken once. */
static ob_status_t sort_ops(ob_executable_t *executable) {
  size_t nodes = executable->region->node_count;
  dn_op_t *sorted;
  uint32_t *at;
  OB_TRY(OB_ARENA_ARRAY(&executable->arena, nodes, &at));
  OB_TRY(OB_ARENA_ARRAY(&executable->arena, executable->op_count, &sorted));
  for (size_t i = 0; i < executable->op_count; i++) at[executable->ops[i].place] = (uint32_t)i + 1;
  size_t count = 0;
  for (size_t n = 0; n < nodes; n++)
    if (at[n] > 0) {
      sorted[count] = executable->ops[at[n] - 1];
      sorted[count].index = (uint32_t)count;
      count++;
    }
  executable->ops = sorted;
  return OB_OK;
}

static void count_reads(ob_executable_t *executable) {
  for (size_t i = 0; i < executable->op_count; i++) {
    const dn_op_t *op = &executable->ops[i];
    for (size_t k = 0; k < op->node->input_count; k++)
      if (op->node->inputs[k]) executable->reads[op->node->inputs[k]->index]++;
    for (size_t f = 0; f < op->fused_count; f++)
      if (op->fused[f].operand != DN_NONE) executable->reads[op->fused[f].operand]++;
  }
}

static ob_status_t build(builder_t *b) {
  ob_executable_t *executable = b->executable;
  const ob_region_view_t *region = b->region;
  for (size_t n = 0; n < region->node_count; n++)
    for (size_t i = 0; i < region->nodes[n]->input_count; i++)
      if (region->nodes[n]->inputs[i]) b->consumer[region->nodes[n]->inputs[i]->index] = (uint32_t)n;
  for (size_t n = 0; n < region->node_count; n++) {
    const ob_node_view_t *node = region->nodes[n];
    char text[256];
    dn_reason_t reason = {text, sizeof text};
    if (b->done[n]) continue;
    if (!dn_knows(node, &reason)) return ob_fail(OB_UNSUPPORTED, "node '%s': %s", ob_quote(node->name), text);
    dn_op_t *op = &executable->ops[executable->op_count++];
    *op = (dn_op_t){.kind = dn_kind_find(node),
                    .node = node,
                    .output = dn_first_output(node)->index,
                    .base = dn_first_output(node)->index,
                    .bias = DN_NONE,
                    .place = (uint32_t)n};
    bool has_bias = node->input_count > 2 && node->inputs[2];
    if (op->kind->lower)
      op->kind->lower(op);
    else if (op->kind->takes & DN_TAKES_BIAS && has_bias)
      op->bias = node->inputs[2]->index;
    fuse(b, op);
  }
  return OB_OK;
}

ob_status_t dn_program_build(ob_executable_t *executable) {
  const ob_region_view_t *region = executable->region;
  ob_arena_t *arena = &executable->arena;
  builder_t b = {.executable = executable, .region = region};
  OB_TRY(OB_ARENA_ARRAY(arena, region->value_count, &b.consumer));
  OB_TRY(OB_ARENA_ARRAY(arena, region->node_count, &b.done));
  OB_TRY(OB_ARENA_ARRAY(arena, region->value_count, &executable->reads));
  OB_TRY(OB_ARENA_ARRAY(arena, region->node_count, &executable->ops));
  OB_TRY(build(&b));
  OB_TRY(sort_ops(executable));
  OB_TRY(OB_ARENA_ARRAY(arena, executable->op_count, &executable->choices));
  count_reads(executable);
  return OB_OK;
}
