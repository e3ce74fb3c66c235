/* Pools, with windows and over all of the space. */
#include <string.h>

#include "onednn/kinds.h"

static bool is_global(const ob_node_view_t *node) { return strncmp(node->op, "Global", 6) == 0; }
static bool is_max(const ob_node_view_t *node) { return strstr(node->op, "MaxPool") != NULL; }

static bool supports(const ob_node_view_t *node, dn_reason_t *reason) {
  static const char *const attributes[] = {"kernel_shape", "strides", "pads", "dilations", "ceil_mode", "count_include_pad"};
  if (!dn_all_float32(node, reason)) return false;
  for (size_t i = 0; i < sizeof attributes / sizeof *attributes; i++)
    if (!dn_numbers_known(node, attributes[i], reason)) return false;
  int32_t rank = node->inputs[0]->rank;
  if (rank < 3 || rank > 5) return dn_refuse(reason, "%s: oneDNN has 1 to 3 spatial dims, here are %d", node->op, rank - 2);
  if (is_global(node)) return true;
  const ob_attribute_view_t *kernel = ob_node_attribute(node, "kernel_shape");
  if (!kernel || kernel->count != (size_t)rank - 2) return dn_refuse(reason, "%s: needs kernel_shape", node->op);
  bool ceiling = dn_int(node, "ceil_mode", 0) != 0;
  if (!is_max(node) && ceiling && dn_int(node, "count_include_pad", 0) != 0)
    return dn_refuse(reason, "AveragePool: ceil_mode together with count_include_pad counts differently in oneDNN");
  const ob_attribute_view_t *pads = ob_node_attribute(node, "pads"), *dilations = ob_node_attribute(node, "dilations");
  for (size_t d = 0; dilations && d < dilations->count; d++)
    if (dilations->ints[d] != 1 && !is_max(node)) return dn_refuse(reason, "AveragePool: onednn has no dilations here");
  for (size_t d = 0; pads && d < pads->count; d++)
    if (pads->ints[d] >= kernel->ints[d % kernel->count])
      return dn_refuse(reason, "%s: a pad of %lld is not smaller than the kernel", node->op, (long long)pads->ints[d]);
  return true;
}

static dnnl_alg_kind_t algorithm(const ob_node_view_t *node) {
  if (is_max(node)) return dnnl_pooling_max;
  bool pads_count = !is_global(node) && dn_int(node, "count_include_pad", 0) != 0;
  return pads_count ? dnnl_pooling_avg_include_padding : dnnl_pooling_avg_exclude_padding;
}

static ob_status_t read_window(dn_plan_t *plan, const ob_node_view_t *node, dn_window_t *window) {
  const int64_t *in = dn_dims(plan, node->inputs[0]), *out = dn_dims(plan, node->outputs[0]);
  int32_t count = dn_rank(plan, node->inputs[0]) - 2;
  size_t have;
  if (is_global(node)) {
    for (int32_t d = 0; d < count; d++) {
      window->kernel[d] = in[d + 2];
      window->strides[d] = 1;
      window->dilates[d] = window->pad_begin[d] = window->pad_end[d] = 0;
    }
    return OB_OK;
  }
  dn_window_in_t sizes = {
      .node = node, .count = count, .in = in + 2, .out = out + 2, .kernel = dn_plan_ints(plan, node, "kernel_shape", &have)};
  return dn_window_read(plan, &sizes, window);
}

static ob_status_t describe(dn_plan_t *plan, const dn_op_t *op, dn_md_t src, dnnl_primitive_desc_t *pd) {
  const ob_value_view_t *out = op->node->outputs[0];
  dn_window_t window;
  dn_md_t dst;
  dnnl_primitive_attr_t attr;
  OB_TRY(read_window(plan, op->node, &window));
  OB_TRY(dn_md_any(plan->store, dn_rank(plan, out), dn_dims(plan, out), &dst));
  OB_TRY(dn_attr_create(NULL, 0, &attr));
  dnnl_status_t status = dn_pool(plan->dnnl, algorithm(op->node), src, dst, &window, attr, pd);
  dnnl_primitive_attr_destroy(attr);
  return dn_check(status, op->node->op);
}

static ob_status_t plan_pool(dn_plan_t *plan, const dn_op_t *op) {
  uint32_t from = op->node->inputs[0]->index;
  dn_ref_t src, dst;
  dnnl_primitive_desc_t pd;
  OB_TRY(dn_read_usual(plan, from, &src));
  OB_TRY(describe(plan, op, src.md, &pd));
  if (dn_impl_is_slow(pd) && !dn_md_is_plain(src.md)) { /* row-major may do better */
    dnnl_primitive_desc_destroy(pd);
    OB_TRY(dn_read_plain(plan, from, -1, NULL, &src));
    OB_TRY(describe(plan, op, src.md, &pd));
  }
  ob_status_t status = dn_write(plan, op->output, dn_query(pd, dnnl_query_dst_md, 0), &dst);
  if (status != OB_OK) {
    dnnl_primitive_desc_destroy(pd);
    return status;
  }
  dn_arg_t args[] = {{DNNL_ARG_SRC, src.md, src.buffer}, {DNNL_ARG_DST, dst.md, dst.buffer}};
  return dn_step(plan, pd, args, 2, op->node->op);
}

#define POOL(name) const dn_kind_t dn_kind_##name = {.op = #name, .role = DN_LIGHT, .supports = supports, .plan = plan_pool}
POOL(MaxPool);
POOL(AveragePool);
POOL(GlobalAveragePool);
POOL(GlobalMaxPool);
