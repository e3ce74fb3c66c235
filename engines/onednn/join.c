/* Concat without copies: where the parts of a joined value lie one behind the other (all dims further out are 1), they are made
 * right where they belong. Nested ones (DenseNet) end up in one buffer. */
#include "onednn/join.h"

#include <string.h>

static int32_t joined_axis(const dn_plan_t *plan, const ob_node_view_t *node) {
  int64_t axis = dn_int(node, "axis", 0);
  return (int32_t)(axis < 0 ? axis + dn_rank(plan, node->outputs[0]) : axis);
}

static bool lies_in_a_row(const dn_plan_t *plan, const ob_node_view_t *node, int32_t axis) {
  const int64_t *dims = dn_dims(plan, node->outputs[0]);
  for (int32_t d = 0; d < axis; d++)
    if (dims[d] != 1) return false;
  return true;
}

ob_status_t dn_join_find(dn_plan_t *plan) {
  for (size_t i = 0; i < plan->executable->op_count; i++) {
    const dn_op_t *op = &plan->executable->ops[i];
    if (strcmp(op->node->op, "Concat") != 0) continue;
    int32_t axis = joined_axis(plan, op->node);
    if (!lies_in_a_row(plan, op->node, axis)) continue;
    int64_t at = 0;
    for (size_t k = 0; k < op->node->input_count; k++) {
      const ob_value_view_t *input = op->node->inputs[k];
      dn_held_t *held = &plan->values[input->index];
      if (input->producer >= 0 && held->joins == DN_NONE && !input->is_output) {
        held->joins = (uint32_t)i;
        held->joins_at = at;
      }
      at += dn_dims(plan, input)[axis];
    }
  }
  return OB_OK;
}

/* The layout of a part, for the whole: same order and blocks. *whole is NULL when the parts do not fill whole blocks. */
static ob_status_t layout_for_whole(dn_plan_t *plan, const ob_node_view_t *node, int32_t axis, dn_md_t part, dn_md_t *whole) {
  const ob_value_view_t *out = node->outputs[0];
  dn_shape_t s;
  *whole = NULL;
  if (dn_md_is_plain(part)) return dn_md_strided(plan->store, dn_rank(plan, out), dn_dims(plan, out), NULL, whole);
  if (!dn_md_shape(part, &s) || s.block_count != 1 || s.block_dim[0] != axis || s.rank != dn_rank(plan, out)) return OB_OK;
  for (size_t k = 0; k < node->input_count; k++)
    if (dn_dims(plan, node->inputs[k])[axis] % s.block_size[0] != 0) return OB_OK;
  ob_layout_t layout = {.rank = s.rank, .block_count = 1, .block_dim = {(uint8_t)axis}, .block_size = {(int32_t)s.block_size[0]}};
  for (int32_t d = 0; d < s.rank; d++) layout.order[d] = (uint8_t)d;
  dn_md_t same;
  OB_TRY(dn_md_layout(plan->store, &layout, s.dims, &same));
  if (!same || !dn_md_equal(same, part)) return OB_OK;
  return dn_md_layout(plan->store, &layout, dn_dims(plan, out), whole);
}

static size_t bytes_before(const dn_md_t whole, int32_t axis, int64_t at) {
  dn_shape_t s;
  if (!dn_md_shape(whole, &s)) return 0;
  int64_t block = s.block_count > 0 ? s.block_size[0] : 1;
  return (size_t)(at / block * s.strides[axis]) * sizeof(float);
}

ob_status_t dn_join_write(dn_plan_t *plan, uint32_t value, dn_md_t md, dn_buffer_t *buffer, bool *joined) {
  const dn_held_t *held = &plan->values[value];
  *joined = false;
  if (held->joins == DN_NONE) return OB_OK;
  const ob_node_view_t *node = plan->executable->ops[held->joins].node;
  int32_t axis = joined_axis(plan, node);
  uint32_t whole = node->outputs[0]->index;
  dn_md_t wanted;
  OB_TRY(layout_for_whole(plan, node, axis, md, &wanted));
  if (!wanted) return OB_OK;
  dn_ref_t ref = plan->values[whole].main;
  if (ref.buffer == DN_NONE) OB_TRY(dn_write(plan, whole, wanted, &ref));
  if (!dn_md_equal(ref.md, wanted)) return OB_OK;
  plan->buffers.items[ref.buffer].shared = true;
  buffer->root = ref.buffer;
  buffer->delta = bytes_before(ref.md, axis, plan->values[value].joins_at);
  *joined = true;
  return OB_OK;
}

/* ---------------------------------------------------------------- the op */

static bool supports(const ob_node_view_t *node, dn_reason_t *reason) {
  if (!dn_all_float32(node, reason) || !dn_numbers_known(node, "axis", reason)) return false;
  return node->outputs[0]->rank > 0 || dn_refuse(reason, "Concat: scalars");
}

/* The layout for a Concat none of whose parts could be put in place. */
static ob_status_t choose(dn_plan_t *plan, const ob_node_view_t *node, int32_t axis, dn_md_t *md) {
  dn_ref_t first, other;
  dn_md_t whole, same;
  OB_TRY(dn_md_strided(plan->store, dn_rank(plan, node->outputs[0]), dn_dims(plan, node->outputs[0]), NULL, md));
  OB_TRY(dn_read(plan, node->inputs[0]->index, &first));
  OB_TRY(layout_for_whole(plan, node, axis, first.md, &whole));
  if (!whole) return OB_OK;
  for (size_t k = 1; k < node->input_count; k++) {
    OB_TRY(dn_read(plan, node->inputs[k]->index, &other));
    OB_TRY(layout_for_whole(plan, node, axis, other.md, &same));
    if (!same || !dn_md_equal(same, whole)) return OB_OK;
  }
  *md = whole;
  return OB_OK;
}

static bool is_in_place(const dn_plan_t *plan, dn_ref_t part, dn_ref_t whole, int32_t axis, int64_t at) {
  const dn_buffer_t *buffer = &plan->buffers.items[part.buffer];
  return part.buffer != whole.buffer && buffer->root == whole.buffer && buffer->delta == bytes_before(whole.md, axis, at);
}

static ob_status_t copy_part(dn_plan_t *plan, dn_ref_t part, dn_ref_t whole, int32_t axis, int64_t at, const ob_value_view_t *value) {
  int64_t offsets[DN_MAX_RANK] = {0};
  offsets[axis] = at;
  dn_ref_t place = {.buffer = whole.buffer};
  OB_TRY(dn_md_part(plan->store, whole.md, dn_dims(plan, value), offsets, &place.md));
  if (!place.md) return ob_fail(OB_INTERNAL, "Concat: part '%s' has no place", ob_quote(value->name));
  return dn_step_reorder(plan, part, place);
}

static ob_status_t plan_concat(dn_plan_t *plan, const dn_op_t *op) {
  const ob_node_view_t *node = op->node;
  int32_t axis = joined_axis(plan, node);
  dn_ref_t whole = plan->values[op->output].main, part;
  if (whole.buffer == DN_NONE) {
    dn_md_t md;
    OB_TRY(choose(plan, node, axis, &md));
    OB_TRY(dn_write(plan, op->output, md, &whole));
  }
  int64_t at = 0;
  for (size_t k = 0; k < node->input_count; k++) {
    const ob_value_view_t *input = node->inputs[k];
    int64_t size = dn_dims(plan, input)[axis];
    OB_TRY(dn_read(plan, input->index, &part));
    if (size > 0 && !is_in_place(plan, part, whole, axis, at)) OB_TRY(copy_part(plan, part, whole, axis, at, input));
    at += size;
  }
  return OB_OK;
}

const dn_kind_t dn_kind_Concat = {.op = "Concat", .role = DN_LIGHT, .supports = supports, .plan = plan_concat};
