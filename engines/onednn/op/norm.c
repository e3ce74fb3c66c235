/* BatchNormalization, LayerNormalization, LRN. */
#include "onednn/kinds.h"

static ob_status_t one_to_one(dn_plan_t *plan, const dn_op_t *op, dnnl_primitive_desc_t pd, dn_ref_t src, dn_ref_t dst, dn_arg_t *args,
                              size_t count) {
  args[count++] = (dn_arg_t){DNNL_ARG_SRC, src.md, src.buffer};
  args[count++] = (dn_arg_t){DNNL_ARG_DST, dst.md, dst.buffer};
  return dn_step(plan, pd, args, count, op->node->op);
}

/* Vectors of `size` elements as arguments. */
static ob_status_t vectors(dn_plan_t *plan, const dn_op_t *op, size_t first, const int *ids, size_t count, int64_t size, dn_arg_t *args) {
  for (size_t i = 0; i < count; i++) {
    dn_ref_t ref;
    OB_TRY(dn_read_plain(plan, op->node->inputs[first + i]->index, 1, &size, &ref));
    args[i] = (dn_arg_t){ids[i], ref.md, ref.buffer};
  }
  return OB_OK;
}

static ob_status_t write_like(dn_plan_t *plan, const dn_op_t *op, dn_ref_t src, dn_ref_t *dst) {
  const ob_value_view_t *out = op->node->outputs[0];
  if (!dn_may_overwrite(plan, src) || (out->is_output && dn_md_is_plain(src.md))) return dn_write(plan, op->output, src.md, dst);
  *dst = src;
  return dn_write_over(plan, op->output, src);
}

/* ---------------------------------------------------------------- BatchNormalization */

static bool batch_supports(const ob_node_view_t *node, dn_reason_t *reason) {
  if (!dn_all_float32(node, reason)) return false;
  if (dn_int(node, "training_mode", 0) != 0) return dn_refuse(reason, "BatchNormalization: training mode");
  int32_t rank = node->inputs[0]->rank;
  return (rank >= 2 && rank <= 5) || dn_refuse(reason, "BatchNormalization: rank %d, oneDNN has 2 to 5", rank);
}

static ob_status_t plan_batch(dn_plan_t *plan, const dn_op_t *op) {
  static const int ids[] = {DNNL_ARG_SCALE, DNNL_ARG_SHIFT, DNNL_ARG_MEAN, DNNL_ARG_VARIANCE};
  dn_ref_t src, dst;
  dn_arg_t args[8];
  dnnl_primitive_attr_t attr;
  dnnl_primitive_desc_t pd;
  OB_TRY(dn_read_usual(plan, op->node->inputs[0]->index, &src));
  OB_TRY(vectors(plan, op, 1, ids, 4, dn_dims(plan, op->node->inputs[0])[1], args));
  OB_TRY(write_like(plan, op, src, &dst));
  OB_TRY(dn_attr_create(NULL, 0, &attr));
  dnnl_status_t status = dn_batch_norm(plan->dnnl, src.md, dn_float(op->node, "epsilon", 1e-5f), attr, &pd);
  dnnl_primitive_attr_destroy(attr);
  OB_TRY(dn_check(status, "BatchNormalization"));
  return one_to_one(plan, op, pd, src, dst, args, 4);
}

const dn_kind_t dn_kind_BatchNormalization = {
    .op = "BatchNormalization", .role = DN_LIGHT, .supports = batch_supports, .plan = plan_batch};

/* ---------------------------------------------------------------- LayerNormalization */

static bool layer_supports(const ob_node_view_t *node, dn_reason_t *reason) {
  if (!dn_all_float32(node, reason) || !dn_numbers_known(node, "axis", reason)) return false;
  int32_t rank = node->inputs[0]->rank;
  int64_t axis = dn_int(node, "axis", -1);
  if (rank < 1 || (axis != -1 && axis != rank - 1)) return dn_refuse(reason, "LayerNormalization: oneDNN has the last axis only");
  for (size_t i = 1; i < node->input_count; i++)
    if (node->inputs[i] && !(node->inputs[i]->rank == 1 && dn_broadcasts_to(node->inputs[i], node->inputs[0])))
      return dn_refuse(reason, "LayerNormalization: scale and bias must be vectors");
  return node->inputs[0]->dims[rank - 1] == OB_DYNAMIC || node->inputs[1]->dims[0] == node->inputs[0]->dims[rank - 1] ||
         dn_refuse(reason, "LayerNormalization: the scale has %lld elements", (long long)node->inputs[1]->dims[0]);
}

static ob_status_t plan_layer(dn_plan_t *plan, const dn_op_t *op) {
  static const int ids[] = {DNNL_ARG_SCALE, DNNL_ARG_SHIFT};
  const ob_value_view_t *in = op->node->inputs[0];
  bool shift = op->node->input_count > 2 && op->node->inputs[2];
  int64_t size = dn_dims(plan, in)[dn_rank(plan, in) - 1], dims[2] = {(int64_t)dn_count(plan, in) / size, size};
  dn_ref_t src, dst;
  dn_md_t stat;
  dn_arg_t args[8];
  dnnl_primitive_attr_t attr;
  dnnl_primitive_desc_t pd;
  OB_TRY(dn_read_plain(plan, in->index, -1, NULL, &src));
  OB_TRY(vectors(plan, op, 1, ids, shift ? 2 : 1, size, args));
  OB_TRY(write_like(plan, op, src, &dst));
  OB_TRY(dn_md_strided(plan->store, 2, dims, NULL, &src.md));
  OB_TRY(dn_md_strided(plan->store, 1, dims, NULL, &stat));
  dst.md = src.md;
  OB_TRY(dn_attr_create(NULL, 0, &attr));
  dnnl_status_t status = dn_layer_norm(plan->dnnl, src.md, stat, dn_float(op->node, "epsilon", 1e-5f), shift, attr, &pd);
  dnnl_primitive_attr_destroy(attr);
  OB_TRY(dn_check(status, "LayerNormalization"));
  return one_to_one(plan, op, pd, src, dst, args, shift ? 2 : 1);
}

const dn_kind_t dn_kind_LayerNormalization = {
    .op = "LayerNormalization", .role = DN_LIGHT, .supports = layer_supports, .plan = plan_layer};

/* ---------------------------------------------------------------- LRN */

static bool lrn_supports(const ob_node_view_t *node, dn_reason_t *reason) {
  if (!dn_all_float32(node, reason) || !dn_numbers_known(node, "size", reason)) return false;
  if (node->inputs[0]->rank != 4) return dn_refuse(reason, "LRN: oneDNN has 4 dims, here are %d", node->inputs[0]->rank);
  int64_t size = dn_int(node, "size", 0);
  return (size > 0 && size % 2 == 1) || dn_refuse(reason, "LRN: an even size is not centred alike in oneDNN");
}

static ob_status_t describe_lrn(dn_plan_t *plan, const ob_node_view_t *node, dn_md_t md, dnnl_primitive_desc_t *pd) {
  dnnl_primitive_attr_t attr;
  OB_TRY(dn_attr_create(NULL, 0, &attr));
  dnnl_status_t status = dn_lrn(plan->dnnl, md, dn_int(node, "size", 1), dn_float(node, "alpha", 1e-4f), dn_float(node, "beta", 0.75f),
                                dn_float(node, "bias", 1), attr, pd);
  dnnl_primitive_attr_destroy(attr);
  return dn_check(status, "LRN");
}

static ob_status_t plan_lrn(dn_plan_t *plan, const dn_op_t *op) {
  uint32_t from = op->node->inputs[0]->index;
  dn_ref_t src, dst;
  dn_arg_t args[8];
  dnnl_primitive_desc_t pd;
  OB_TRY(dn_read_usual(plan, from, &src));
  OB_TRY(describe_lrn(plan, op->node, src.md, &pd));
  if (dn_impl_is_slow(pd) && !dn_md_is_plain(src.md)) {
    dnnl_primitive_desc_destroy(pd);
    OB_TRY(dn_read_plain(plan, from, -1, NULL, &src));
    OB_TRY(describe_lrn(plan, op->node, src.md, &pd));
  }
  ob_status_t status = dn_write(plan, op->output, src.md, &dst);
  if (status != OB_OK) {
    dnnl_primitive_desc_destroy(pd);
    return status;
  }
  return one_to_one(plan, op, pd, src, dst, args, 0);
}

const dn_kind_t dn_kind_LRN = {.op = "LRN", .role = DN_LIGHT, .supports = lrn_supports, .plan = plan_lrn};
