/* Element-wise functions: each as oneDNN's algorithm with its alpha and beta. */
#include <float.h>
#include <string.h>

#include "onednn/kinds.h"

static bool one(dn_function_t *function, dnnl_alg_kind_t algorithm, float alpha, float beta) {
  function->count = 1;
  function->part[0].algorithm = algorithm;
  function->part[0].alpha = alpha;
  function->part[0].beta = beta;
  return true;
}

ob_status_t dn_plan_eltwise(dn_plan_t *plan, uint32_t from, uint32_t to, const dn_function_t *function, const char *text) {
  const ob_value_view_t *out = plan->binding->region->values[to];
  dn_ref_t src, dst;
  OB_TRY(dn_read_usual(plan, from, &src));
  bool direct = out->is_output && dn_md_is_plain(src.md);
  if (!direct && dn_may_overwrite(plan, src)) {
    dst = src;
    OB_TRY(dn_write_over(plan, to, src));
  } else {
    OB_TRY(dn_write(plan, to, src.md, &dst));
  }
  for (size_t i = 0; i < function->count; i++) {
    dnnl_primitive_attr_t attr;
    dnnl_primitive_desc_t pd;
    OB_TRY(dn_attr_create(NULL, 0, &attr));
    dnnl_status_t status = dn_eltwise(plan->dnnl, function->part[i].algorithm, function->part[i].alpha, function->part[i].beta, src.md,
                                      attr, &pd);
    dnnl_primitive_attr_destroy(attr);
    OB_TRY(dn_check(status, text));
    dn_arg_t args[] = {{DNNL_ARG_SRC, src.md, src.buffer}, {DNNL_ARG_DST, dst.md, dst.buffer}};
    OB_TRY(dn_step(plan, pd, args, 2, text));
    src = dst;
  }
  return OB_OK;
}

static ob_status_t plan(dn_plan_t *p, const dn_op_t *op) {
  dn_function_t function;
  const char *text;
  op->kind->function(op->node, &function);
  OB_TRY(dn_op_text(p, op, 0, &text));
  return dn_plan_eltwise(p, op->node->inputs[0]->index, op->output, &function, text);
}

static bool supports(const ob_node_view_t *node, dn_reason_t *reason) {
  dn_function_t function;
  if (!dn_all_float32(node, reason)) return false;
  if (node->outputs[0]->rank == 0) return dn_refuse(reason, "%s: a scalar is not worth a library", node->op);
  return dn_kind_find(node)->function(node, &function) || dn_refuse(reason, "%s: oneDNN has nothing for these attributes", node->op);
}

#define ELTWISE(name, call)                                                                                          \
  static bool name##_function(const ob_node_view_t *node, dn_function_t *f) {                                        \
    (void)node;                                                                                                      \
    return call;                                                                                                     \
  }                                                                                                                  \
  const dn_kind_t dn_kind_##name = {                                                                                 \
      .op = #name, .role = DN_LIGHT, .supports = supports, .plan = plan, .function = name##_function}

static bool gelu(const ob_node_view_t *node, dn_function_t *f) {
  const ob_attribute_view_t *form = ob_node_attribute(node, "approximate");
  bool tanh_form = form && form->kind == OB_ATTRIBUTE_STRING && strcmp(form->strings[0].data, "tanh") == 0;
  return one(f, tanh_form ? dnnl_eltwise_gelu_tanh : dnnl_eltwise_gelu_erf, 0, 0);
}

/* max(0, min(1, alpha * x + beta)) */
static bool hard_sigmoid(const ob_node_view_t *node, dn_function_t *f) {
  one(f, dnnl_eltwise_linear, dn_float(node, "alpha", 0.2f), dn_float(node, "beta", 0.5f));
  f->count = 2;
  f->part[1].algorithm = dnnl_eltwise_clip;
  f->part[1].alpha = 0;
  f->part[1].beta = 1;
  return true;
}

static bool clip(const ob_node_view_t *node, dn_function_t *f) {
  float low = -FLT_MAX, high = FLT_MAX;
  if (node->input_count > 1 && node->inputs[1] && !dn_scalar(node->inputs[1], &low)) return false;
  if (node->input_count > 2 && node->inputs[2] && !dn_scalar(node->inputs[2], &high)) return false;
  return low <= high && one(f, dnnl_eltwise_clip, low, high);
}

ELTWISE(Relu, one(f, dnnl_eltwise_relu, 0, 0));
ELTWISE(LeakyRelu, one(f, dnnl_eltwise_relu, dn_float(node, "alpha", 0.01f), 0));
ELTWISE(Elu, one(f, dnnl_eltwise_elu, dn_float(node, "alpha", 1), 0));
ELTWISE(Sigmoid, one(f, dnnl_eltwise_logistic, 0, 0));
ELTWISE(HardSigmoid, hard_sigmoid(node, f));
ELTWISE(HardSwish, one(f, dnnl_eltwise_hardswish, 1.0f / 6, 0.5f));
ELTWISE(Swish, one(f, dnnl_eltwise_swish, dn_float(node, "alpha", 1), 0));
ELTWISE(Mish, one(f, dnnl_eltwise_mish, 0, 0));
ELTWISE(Tanh, one(f, dnnl_eltwise_tanh, 0, 0));
ELTWISE(Gelu, gelu(node, f));
ELTWISE(Softplus, one(f, dnnl_eltwise_soft_relu, 1, 0));
ELTWISE(Exp, one(f, dnnl_eltwise_exp, 0, 0));
ELTWISE(Log, one(f, dnnl_eltwise_log, 0, 0));
ELTWISE(Sqrt, one(f, dnnl_eltwise_sqrt, 0, 0));
ELTWISE(Abs, one(f, dnnl_eltwise_abs, 0, 0));
ELTWISE(Round, one(f, dnnl_eltwise_round, 0, 0));
ELTWISE(Clip, clip(node, f));
