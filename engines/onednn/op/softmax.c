/* Softmax and LogSoftmax. */
#include <string.h>

#include "onednn/kinds.h"

static bool supports(const ob_node_view_t *node, dn_reason_t *reason) {
  if (!dn_all_float32(node, reason) || !dn_numbers_known(node, "axis", reason)) return false;
  int64_t rank = node->inputs[0]->rank, axis = dn_int(node, "axis", -1);
  return (rank > 0 && axis >= -rank && axis < rank) || dn_refuse(reason, "%s: axis %lld of rank %lld", node->op, (long long)axis, (long long)rank);
}

static ob_status_t plan_softmax(dn_plan_t *plan, const dn_op_t *op) {
  const ob_node_view_t *node = op->node;
  int32_t rank = dn_rank(plan, node->inputs[0]);
  int64_t axis = dn_int(node, "axis", -1);
  dn_ref_t src, dst;
  dnnl_primitive_attr_t attr;
  dnnl_primitive_desc_t pd;
  OB_TRY(dn_read_plain(plan, node->inputs[0]->index, -1, NULL, &src));
  bool direct = node->outputs[0]->is_output;
  dst = src;
  if (!direct && dn_may_overwrite(plan, src))
    OB_TRY(dn_write_over(plan, op->output, src));
  else
    OB_TRY(dn_write(plan, op->output, src.md, &dst));
  OB_TRY(dn_attr_create(NULL, 0, &attr));
  dnnl_status_t status = dn_softmax(plan->dnnl, strcmp(node->op, "LogSoftmax") == 0, src.md, (int)(axis < 0 ? axis + rank : axis), attr, &pd);
  dnnl_primitive_attr_destroy(attr);
  OB_TRY(dn_check(status, node->op));
  dn_arg_t args[] = {{DNNL_ARG_SRC, src.md, src.buffer}, {DNNL_ARG_DST, dst.md, dst.buffer}};
  return dn_step(plan, pd, args, 2, node->op);
}

const dn_kind_t dn_kind_Softmax = {.op = "Softmax", .role = DN_LIGHT, .supports = supports, .plan = plan_softmax};
const dn_kind_t dn_kind_LogSoftmax = {.op = "LogSoftmax", .role = DN_LIGHT, .supports = supports, .plan = plan_softmax};
