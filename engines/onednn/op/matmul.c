/* MatMul and Gemm: one product of matrices, or many of a batch. */
#include <string.h>

#include "onednn/kinds.h"

/* Gemm: Y = alpha * A' * B' + beta * C. */
static bool gemm_supports(const ob_node_view_t *node, dn_reason_t *reason) {
  if (!dn_all_float32(node, reason)) return false;
  if (node->inputs[0]->rank != 2 || node->inputs[1]->rank != 2) return dn_refuse(reason, "Gemm: A and B must be matrices");
  float beta = dn_float(node, "beta", 1);
  bool adds = node->input_count > 2 && node->inputs[2] && beta != 0;
  if (adds && beta != 1) return dn_refuse(reason, "Gemm: beta must be 0 or 1 for oneDNN, here it is %g", (double)beta);
  if (adds && !dn_broadcasts_to(node->inputs[2], node->outputs[0])) return dn_refuse(reason, "Gemm: C does not broadcast");
  return dn_numbers_known(node, "transA", reason) && dn_numbers_known(node, "transB", reason);
}

static bool matmul_supports(const ob_node_view_t *node, dn_reason_t *reason) {
  if (!dn_all_float32(node, reason)) return false;
  const ob_value_view_t *a = node->inputs[0], *b = node->inputs[1];
  if (a->rank < 1 || b->rank < 1) return dn_refuse(reason, "MatMul: a scalar operand");
  if (a->rank > 5 || b->rank > 5) return dn_refuse(reason, "MatMul: rank above 5");
  if (a->rank == 1 && b->rank == 1) return dn_refuse(reason, "MatMul: a product of two vectors is not worth a library");
  return !(a->is_constant && b->is_constant) || dn_refuse(reason, "MatMul: of two constants");
}

/* The product as oneDNN gets it: operands of one rank. */
typedef struct product {
  dn_plan_t *plan;
  const dn_op_t *op;
  int32_t rank;
  int64_t a_dims[DN_MAX_RANK], b_dims[DN_MAX_RANK], out_dims[DN_MAX_RANK];
  dn_md_t a, b, bias, out;
  dn_ref_t a_ref, b_ref;
  dn_axes_t b_axes;
  bool b_constant;
} product_t;

static dnnl_status_t make(void *self, const_dnnl_primitive_attr_t attr, dnnl_primitive_desc_t *pd) {
  product_t *p = self;
  return dn_matmul(p->plan->dnnl, p->a, p->b, p->bias, p->out, attr, pd);
}

/* [..., M, K] x [K, N] is one product of (... * M) rows. */
static void flatten_rows(product_t *p, const int64_t *a, int32_t a_rank, const int64_t *b) {
  p->rank = 2;
  p->a_dims[0] = 1;
  for (int32_t d = 0; d < a_rank - 1; d++) p->a_dims[0] *= a[d];
  p->a_dims[1] = a[a_rank - 1];
  memcpy(p->b_dims, b, 2 * sizeof *b);
  p->out_dims[0] = p->a_dims[0];
  p->out_dims[1] = b[1];
}

/* Ones in front, a vector as a row (A) or a column (B). */
static void lift(const int64_t *dims, int32_t own, int32_t rank, bool column, int64_t *out) {
  for (int32_t d = 0; d < rank; d++) out[d] = 1;
  if (own == 1)
    out[rank - (column ? 2 : 1)] = dims[0];
  else
    memcpy(out + rank - own, dims, (size_t)own * sizeof *dims);
}

static ob_status_t read_shapes(product_t *p) {
  const dn_plan_t *plan = p->plan;
  const ob_value_view_t *a = p->op->node->inputs[0], *b = p->op->node->inputs[1];
  int32_t a_rank = dn_rank(plan, a), b_rank = dn_rank(plan, b);
  const int64_t *a_dims = dn_dims(plan, a), *b_dims = dn_dims(plan, b);
  if (b_rank == 2) {
    flatten_rows(p, a_dims, a_rank, b_dims);
  } else {
    p->rank = a_rank > b_rank ? a_rank : b_rank;
    if (p->rank < 2) p->rank = 2;
    lift(a_dims, a_rank, p->rank, false, p->a_dims);
    lift(b_dims, b_rank, p->rank, true, p->b_dims);
    for (int32_t d = 0; d < p->rank; d++) p->out_dims[d] = p->a_dims[d] == 1 ? p->b_dims[d] : p->a_dims[d];
    p->out_dims[p->rank - 2] = p->a_dims[p->rank - 2];
    p->out_dims[p->rank - 1] = p->b_dims[p->rank - 1];
  }
  if (p->a_dims[p->rank - 1] != p->b_dims[p->rank - 2])
    return ob_fail(OB_INVALID_ARGUMENT, "node '%s': inner dims %lld and %lld differ", ob_quote(p->op->node->name),
                   (long long)p->a_dims[p->rank - 1], (long long)p->b_dims[p->rank - 2]);
  return OB_OK;
}

static void swap_last(int64_t *v, int32_t rank) {
  int64_t t = v[rank - 1];
  v[rank - 1] = v[rank - 2];
  v[rank - 2] = t;
}

/* An operand that is no weights: through its strides where a matmul takes them, else row-major. */
static ob_status_t read_operand(product_t *p, const ob_value_view_t *value, const int64_t *dims, bool transposed, dn_ref_t *ref) {
  dn_plan_t *plan = p->plan;
  dn_shape_t s;
  int64_t stored[DN_MAX_RANK];
  OB_TRY(dn_read(plan, value->index, ref));
  bool same = dn_rank(plan, value) == p->rank && memcmp(dims, dn_dims(plan, value), (size_t)p->rank * sizeof *dims) == 0;
  if (same && !transposed && dn_md_shape(ref->md, &s) && s.block_count == 0 &&
      (s.strides[p->rank - 1] == 1 || s.strides[p->rank - 2] == 1))
    return OB_OK;
  memcpy(stored, dims, (size_t)p->rank * sizeof *dims);
  if (transposed) swap_last(stored, p->rank);
  OB_TRY(dn_read_plain(plan, value->index, p->rank, stored, ref));
  if (!transposed) return OB_OK;
  int64_t strides[2] = {1, stored[1]}; /* Gemm's: matrices */
  return dn_md_strided(plan->store, 2, dims, strides, &ref->md);
}

static ob_status_t choose_weights(product_t *p, const dn_maker_t *maker, dn_made_t *made) {
  OB_TRY(dn_chosen(p->plan, p->rank, p->b_dims, &p->b));
  if (p->b) {
    ob_status_t status = dn_make(maker, p->op, made);
    if (status != OB_UNSUPPORTED && (status != OB_OK || !made->slow)) return status;
    if (status == OB_OK) dnnl_primitive_desc_destroy(made->pd);
  }
  OB_TRY(dn_md_any(p->plan->store, p->rank, p->b_dims, &p->b));
  return dn_make(maker, p->op, made);
}

/* When the fused vector can be the product's bias: (1, ..., N). */
static ob_status_t read_bias(product_t *p, uint32_t value, dn_ref_t *ref) {
  int64_t dims[DN_MAX_RANK];
  for (int32_t d = 0; d < p->rank; d++) dims[d] = 1;
  dims[p->rank - 1] = p->out_dims[p->rank - 1];
  OB_TRY(dn_read_plain(p->plan, value, p->rank, dims, ref));
  p->bias = ref->md;
  return OB_OK;
}

static ob_status_t finish(product_t *p, const dn_maker_t *maker, dn_made_t *made, const dn_ref_t *bias) {
  dn_arg_t args[DN_MAX_ARGS] = {{DNNL_ARG_SRC, p->a_ref.md, p->a_ref.buffer}};
  size_t count = 1;
  ob_status_t status = OB_OK;
  if (p->b_constant) {
    dn_md_t md = dn_query(made->pd, dnnl_query_weights_md, 0);
    dn_choose(p->plan, md);
    status = dn_weights(p->plan, p->op->node->inputs[1], md, &p->b_axes, &p->b_ref);
  }
  if (status != OB_OK) {
    dnnl_primitive_desc_destroy(made->pd);
    return status;
  }
  args[count++] = (dn_arg_t){DNNL_ARG_WEIGHTS, p->b_ref.md, p->b_ref.buffer};
  if (bias) args[count++] = (dn_arg_t){DNNL_ARG_BIAS, bias->md, bias->buffer};
  return dn_made_step(maker, p->op, made, args, count);
}

static ob_status_t plan_product(product_t *p, bool transposed_a, bool transposed_b) {
  dn_plan_t *plan = p->plan;
  const ob_node_view_t *node = p->op->node;
  dn_maker_t maker = {.make = make, .self = p, .plan = plan, .rank = p->rank, .dims = p->out_dims};
  dn_made_t made;
  dn_ref_t bias;
  OB_TRY(read_operand(p, node->inputs[0], p->a_dims, transposed_a, &p->a_ref));
  p->a = p->a_ref.md;
  OB_TRY(dn_md_strided(plan->store, p->rank, p->out_dims, NULL, &p->out));
  maker.dst = p->out;
  if (p->op->bias != DN_NONE) OB_TRY(read_bias(p, p->op->bias, &bias));
  if (p->b_constant) {
    OB_TRY(choose_weights(p, &maker, &made));
  } else {
    OB_TRY(read_operand(p, node->inputs[1], p->b_dims, transposed_b, &p->b_ref));
    p->b = p->b_ref.md;
    OB_TRY(dn_make(&maker, p->op, &made));
  }
  return finish(p, &maker, &made, p->op->bias != DN_NONE ? &bias : NULL);
}

static ob_status_t plan_matmul(dn_plan_t *plan, const dn_op_t *op) {
  const ob_value_view_t *b = op->node->inputs[1];
  product_t p = {.plan = plan, .op = op};
  OB_TRY(read_shapes(&p));
  p.b_constant = b->is_constant && dn_rank(plan, b) > 1;
  int32_t shift = p.rank - dn_rank(plan, b);
  for (int32_t d = 0; d < p.rank; d++) p.b_axes.axis[d] = (int8_t)(d < shift ? -1 : d - shift);
  return plan_product(&p, false, false);
}

static ob_status_t plan_gemm(dn_plan_t *plan, const dn_op_t *op) {
  const ob_node_view_t *node = op->node;
  bool ta = dn_int(node, "transA", 0) != 0, tb = dn_int(node, "transB", 0) != 0;
  product_t p = {.plan = plan, .op = op, .rank = 2, .b_constant = node->inputs[1]->is_constant};
  memcpy(p.a_dims, dn_dims(plan, node->inputs[0]), 2 * sizeof(int64_t));
  memcpy(p.b_dims, dn_dims(plan, node->inputs[1]), 2 * sizeof(int64_t));
  memcpy(p.out_dims, dn_dims(plan, node->outputs[0]), 2 * sizeof(int64_t));
  if (ta) swap_last(p.a_dims, 2);
  if (tb) swap_last(p.b_dims, 2);
  p.b_axes.axis[0] = tb ? 1 : 0;
  p.b_axes.axis[1] = tb ? 0 : 1;
  return plan_product(&p, ta, tb);
}

static bool is_vector(const ob_value_view_t *c, const ob_value_view_t *out) {
  if (c->rank < 1 || out->dims[1] == OB_DYNAMIC || c->dims[c->rank - 1] != out->dims[1]) return false;
  return c->rank == 1 || c->dims[0] == 1;
}

/* alpha and a C that is no row vector become post-operations. */
static void lower_gemm(dn_op_t *op) {
  const ob_node_view_t *node = op->node;
  float alpha = dn_float(node, "alpha", 1);
  const ob_value_view_t *c = node->input_count > 2 && dn_float(node, "beta", 1) != 0 ? node->inputs[2] : NULL;
  uint32_t result = node->outputs[0]->index;
  if (alpha != 1)
    op->fused[op->fused_count++] =
        (dn_fused_t){.node = node, .algorithm = dnnl_eltwise_linear, .alpha = alpha, .operand = DN_NONE, .result = result};
  if (c && alpha == 1 && is_vector(c, node->outputs[0]))
    op->bias = c->index;
  else if (c)
    op->fused[op->fused_count++] =
        (dn_fused_t){.node = node, .binary = true, .algorithm = dnnl_binary_add, .operand = c->index, .result = result};
}

enum { TAKES = DN_TAKES_ELTWISE | DN_TAKES_BINARY | DN_TAKES_BIAS };
const dn_kind_t dn_kind_MatMul = {
    .op = "MatMul", .role = DN_CONTRACTION, .takes = TAKES, .supports = matmul_supports, .plan = plan_matmul};
const dn_kind_t dn_kind_Gemm = {.op = "Gemm", .role = DN_CONTRACTION, .takes = TAKES, .supports = gemm_supports, .plan = plan_gemm, .lower = lower_gemm};
