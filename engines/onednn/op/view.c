/* Operators that move nothing: other dims, or another order of them, over the same memory. */
#include "onednn/kinds.h"

static bool supports(const ob_node_view_t *node, dn_reason_t *reason) {
  const ob_value_view_t *in = node->input_count > 0 ? node->inputs[0] : NULL, *out = node->outputs[0];
  if (!in || in->dtype != OB_FLOAT32 || out->dtype != OB_FLOAT32) return dn_refuse(reason, "%s: onednn moves float32 only", node->op);
  if (in->is_constant) return dn_refuse(reason, "%s: of a constant", node->op);
  if (in->rank < 0 || out->rank < 0) return dn_refuse(reason, "%s: the rank is not known", node->op);
  return (in->rank <= DN_MAX_RANK && out->rank <= DN_MAX_RANK) || dn_refuse(reason, "%s: rank above %d", node->op, DN_MAX_RANK);
}

static ob_status_t plan_reshape(dn_plan_t *plan, const dn_op_t *op) {
  const ob_value_view_t *in = op->node->inputs[0], *out = op->node->outputs[0];
  dn_ref_t ref;
  if (dn_count(plan, in) != dn_count(plan, out))
    return ob_fail(OB_INVALID_ARGUMENT, "node '%s': %s of %zu elements to %zu", ob_quote(op->node->name), op->node->op,
                   dn_count(plan, in), dn_count(plan, out));
  OB_TRY(dn_read_plain(plan, in->index, dn_rank(plan, out), dn_dims(plan, out), &ref));
  return dn_place_value(plan, op->output, ref);
}

static ob_status_t plan_identity(dn_plan_t *plan, const dn_op_t *op) {
  dn_ref_t ref;
  OB_TRY(dn_read(plan, op->node->inputs[0]->index, &ref));
  return dn_place_value(plan, op->output, ref);
}

/* A matmul reads and writes through strides; others get a copy when they ask for row-major. */
static ob_status_t plan_transpose(dn_plan_t *plan, const dn_op_t *op) {
  const ob_value_view_t *in = op->node->inputs[0], *out = op->node->outputs[0];
  dn_ref_t ref;
  dn_shape_t shape;
  size_t count;
  int64_t strides[DN_MAX_RANK];
  int32_t rank = dn_rank(plan, in);
  const int64_t *perm = dn_plan_ints(plan, op->node, "perm", &count);
  OB_TRY(dn_read(plan, in->index, &ref));
  if (!dn_md_shape(ref.md, &shape) || shape.block_count > 0 || shape.offset > 0) {
    OB_TRY(dn_read_plain(plan, in->index, -1, NULL, &ref));
    if (!dn_md_shape(ref.md, &shape)) return ob_fail(OB_INTERNAL, "Transpose: a plain value without a shape");
  }
  for (int32_t d = 0; d < rank; d++) {
    int64_t from = perm && count == (size_t)rank ? perm[d] : rank - 1 - d;
    if (from < 0 || from >= rank) return ob_fail(OB_INVALID_MODEL, "node '%s': perm is no permutation", ob_quote(op->node->name));
    strides[d] = shape.strides[from];
  }
  OB_TRY(dn_md_strided(plan->store, rank, dn_dims(plan, out), strides, &ref.md));
  return dn_place_value(plan, op->output, ref);
}

static bool transpose_supports(const ob_node_view_t *node, dn_reason_t *reason) {
  return supports(node, reason) && dn_numbers_known(node, "perm", reason) &&
         (node->inputs[0]->rank > 0 || dn_refuse(reason, "Transpose: of a scalar"));
}

static bool dropout_supports(const ob_node_view_t *node, dn_reason_t *reason) {
  if (node->input_count > 2 && node->inputs[2]) return dn_refuse(reason, "Dropout: training mode is given");
  return supports(node, reason);
}

#define VIEW(name, check, function) const dn_kind_t dn_kind_##name = {.op = #name, .role = DN_VIEW, .supports = check, .plan = function}
VIEW(Reshape, supports, plan_reshape);
VIEW(Flatten, supports, plan_reshape);
VIEW(Squeeze, supports, plan_reshape);
VIEW(Unsqueeze, supports, plan_reshape);
VIEW(Identity, supports, plan_identity);
VIEW(Dropout, dropout_supports, plan_identity);
VIEW(Transpose, transpose_supports, plan_transpose);
