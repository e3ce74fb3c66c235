/* Element-wise operators of two operands, one of which has the shape of the result. */
#include <string.h>

#include "onednn/kinds.h"

/* The operand's dims behind leading ones. */
static void lift(const dn_plan_t *plan, const ob_value_view_t *value, int32_t rank, int64_t *dims) {
  int32_t own = dn_rank(plan, value);
  for (int32_t d = 0; d < rank; d++) dims[d] = d < rank - own ? 1 : dn_dims(plan, value)[d - (rank - own)];
}

static ob_status_t read_small(dn_plan_t *plan, uint32_t value, int32_t rank, dn_md_t large, dn_ref_t *ref) {
  const ob_value_view_t *view = plan->binding->region->values[value];
  int64_t dims[DN_MAX_RANK], own[DN_MAX_RANK];
  int32_t large_rank;
  dn_md_dims(large, &large_rank, own);
  lift(plan, view, rank, dims);
  bool same = memcmp(dims, own, (size_t)rank * sizeof *dims) == 0;
  if (same && dn_rank(plan, view) == rank) return dn_read_as(plan, value, large, ref);
  return dn_read_plain(plan, value, rank, dims, ref);
}

static ob_status_t describe(dn_plan_t *plan, const dn_op_t *op, dnnl_alg_kind_t algorithm, dn_md_t a, dn_md_t b, dnnl_primitive_desc_t *pd) {
  dn_post_t posts[DN_MAX_POSTS];
  dnnl_primitive_attr_t attr;
  size_t count = op ? op->fused_count : 0;
  for (size_t f = 0; f < count; f++)
    posts[f] = (dn_post_t){
        .kind = DN_POST_ELTWISE, .algorithm = op->fused[f].algorithm, .alpha = op->fused[f].alpha, .beta = op->fused[f].beta};
  OB_TRY(dn_attr_create(posts, count, &attr));
  dnnl_status_t status = dn_binary(plan->dnnl, algorithm, a, b, a, attr, pd);
  dnnl_primitive_attr_destroy(attr);
  return dn_check(status, "element-wise operator of two operands");
}

ob_status_t dn_plan_binary(dn_plan_t *plan, uint32_t a, uint32_t b, uint32_t to, dnnl_alg_kind_t algorithm, const dn_op_t *op,
                           const char *text) {
  const ob_value_view_t *out = plan->binding->region->values[to];
  int32_t rank = dn_rank(plan, out);
  dn_ref_t x, y, dst;
  dnnl_primitive_desc_t pd;
  OB_TRY(dn_read_usual(plan, a, &x));
  OB_TRY(read_small(plan, b, rank, x.md, &y));
  OB_TRY(describe(plan, op, algorithm, x.md, y.md, &pd));
  if (dn_impl_is_slow(pd) && !(dn_md_is_plain(x.md) && dn_md_is_plain(y.md))) { /* row-major may do better */
    dnnl_primitive_desc_destroy(pd);
    OB_TRY(dn_read_plain(plan, a, -1, NULL, &x));
    OB_TRY(read_small(plan, b, rank, x.md, &y));
    OB_TRY(describe(plan, op, algorithm, x.md, y.md, &pd));
  }
  ob_status_t status;
  bool direct = out->is_output && dn_md_is_plain(x.md);
  if (!direct && dn_may_overwrite(plan, x)) {
    dst = x;
    status = dn_write_over(plan, to, x);
  } else {
    status = dn_write(plan, to, x.md, &dst);
  }
  if (status != OB_OK) {
    dnnl_primitive_desc_destroy(pd);
    return status;
  }
  dn_arg_t args[] = {
      {DNNL_ARG_SRC_0, x.md, x.buffer}, {DNNL_ARG_SRC_1, y.md, y.buffer}, {DNNL_ARG_DST, dst.md, dst.buffer}};
  return dn_step(plan, pd, args, 3, text);
}

static bool has_dims_of(const dn_plan_t *plan, const ob_value_view_t *value, const ob_value_view_t *out) {
  return dn_rank(plan, value) == dn_rank(plan, out) &&
         memcmp(dn_dims(plan, value), dn_dims(plan, out), (size_t)dn_rank(plan, out) * sizeof(int64_t)) == 0;
}

/* Does the last block of some dim hold padding? oneDNN's kernel (2.6.3) leaves post-operations out there. */
static bool is_padded(dn_md_t md) {
  dn_shape_t s;
  if (!dn_md_shape(md, &s)) return false;
  for (int32_t d = 0; d < s.rank; d++)
    if (s.padded[d] != s.dims[d]) return true;
  return false;
}

static ob_status_t plan(dn_plan_t *p, const dn_op_t *op) {
  const ob_node_view_t *node = op->node;
  const ob_value_view_t *a = node->inputs[0], *b = node->inputs[1];
  const char *text;
  bool swap = !has_dims_of(p, a, node->outputs[0]);
  if (!swap && !a->is_constant == !b->is_constant && has_dims_of(p, b, node->outputs[0]) &&
      op->kind->binary != dnnl_binary_sub && op->kind->binary != dnnl_binary_div) {
    dn_ref_t x, y; /* keep the operand in blocks as it is */
    OB_TRY(dn_read(p, a->index, &x));
    OB_TRY(dn_read(p, b->index, &y));
    swap = dn_md_is_plain(x.md) && !dn_md_is_plain(y.md);
  }
  if (swap && !has_dims_of(p, b, node->outputs[0]))
    return ob_fail(OB_UNSUPPORTED, "node '%s': %s: both operands broadcast", ob_quote(node->name), node->op);
  const uint32_t first = swap ? b->index : a->index, second = swap ? a->index : b->index;
  dn_ref_t lies;
  OB_TRY(dn_read(p, first, &lies));
  if (op->fused_count > 0 && is_padded(lies.md)) { /* the functions behind it as steps of their own */
    OB_TRY(dn_plan_binary(p, first, second, op->base, op->kind->binary, NULL, node->op));
    return dn_finish(p, op, 0);
  }
  OB_TRY(dn_op_text(p, op, op->fused_count, &text));
  return dn_plan_binary(p, first, second, op->output, op->kind->binary, op, text);
}

/* Images whose sizes are symbolic: they are the same, or else one of the operands is broadcast, which is seen when they are bound. */
static bool may_have_shape_of(const ob_value_view_t *value, const ob_value_view_t *out) {
  if (value->rank != out->rank || out->rank < 4 || value->dims[1] != out->dims[1]) return false;
  for (int32_t d = 0; d < out->rank; d++)
    if (value->dims[d] != out->dims[d]) return false; /* both OB_DYNAMIC, or the same number */
  return true;
}

static bool supports(const ob_node_view_t *node, dn_reason_t *reason) {
  if (!dn_all_float32(node, reason)) return false;
  if (node->input_count != 2) return dn_refuse(reason, "%s: onednn takes two operands, here are %zu", node->op, node->input_count);
  const ob_value_view_t *a = node->inputs[0], *b = node->inputs[1], *out = node->outputs[0];
  if (out->rank == 0 || (a->is_constant && b->is_constant)) return dn_refuse(reason, "%s: not worth a library", node->op);
  dnnl_alg_kind_t algorithm = dn_kind_find(node)->binary;
  bool ordered = algorithm == dnnl_binary_sub || algorithm == dnnl_binary_div;
  bool left = dn_same_shape(a, out) && !a->is_constant && dn_broadcasts_to(b, out);
  bool right = !ordered && dn_same_shape(b, out) && !b->is_constant && dn_broadcasts_to(a, out);
  bool images = !ordered && !a->is_constant && !b->is_constant && may_have_shape_of(a, out) && may_have_shape_of(b, out);
  return left || right || images || dn_refuse(reason, "%s: oneDNN wants the result to have the shape of %s operand", node->op, ordered ? "the first" : "an");
}

#define BINARY(name, algorithm)                      \
  const dn_kind_t dn_kind_##name = {.op = #name,     \
                                    .role = DN_LIGHT, \
                                    .takes = DN_TAKES_ELTWISE, \
                                    .supports = supports, \
                                    .plan = plan,    \
                                    .binary = algorithm}
BINARY(Add, dnnl_binary_add);
BINARY(Sub, dnnl_binary_sub);
BINARY(Mul, dnnl_binary_mul);
BINARY(Div, dnnl_binary_div);
BINARY(Max, dnnl_binary_max);
BINARY(Min, dnnl_binary_min);
BINARY(Sum, dnnl_binary_add);
