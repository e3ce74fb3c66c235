/* A 1x1 convolution with the depthwise 3x3 convolution behind it as one primitive: the wide value between them stays in the cache.
 *
 * oneDNN keeps a few rows of the first convolution's result and feeds the second from them (its depthwise post-operation). It does so
 * in its own kernels only for sizes where it expects to gain; otherwise it offers a plain pair, which two steps of ours do as well. */
#include <string.h>

#include "onednn/op/conv.h"

/* The depthwise convolution that alone reads what `op` makes, if nothing but element-wise functions stands between and behind. */
static const dn_op_t *follower(const dn_plan_t *plan, const dn_op_t *op) {
  const ob_executable_t *executable = plan->executable;
  const ob_value_view_t *between = plan->binding->region->values[op->output];
  const dn_op_t *next = NULL;
  if (between->is_output || executable->reads[op->output] != 1) return NULL;
  for (size_t i = op->index + 1; i < executable->op_count && !next; i++)
    if (executable->ops[i].node->input_count > 1 && executable->ops[i].node->inputs[0] == between) next = &executable->ops[i];
  if (!next || next->kind != op->kind || !next->node->inputs[1]->is_constant) return NULL;
  if (next->bias != DN_NONE && !plan->binding->region->values[next->bias]->is_constant) return NULL;
  for (size_t f = 0; f < op->fused_count; f++)
    if (op->fused[f].binary) return NULL;
  for (size_t f = 0; f < next->fused_count; f++)
    if (next->fused[f].binary) return NULL;
  return next;
}

static bool is_pointwise(const dn_conv_t *c) {
  if (c->rank != 4 || c->weights_rank != 4 || c->desc.transposed || !c->op->node->inputs[1]->is_constant) return false;
  for (int32_t d = 0; d < 2; d++)
    if (c->weights_dims[d + 2] != 1 || c->desc.window.strides[d] != 1 || c->desc.window.pad_begin[d] != 0 || c->desc.window.pad_end[d] != 0)
      return false;
  return true;
}

/* oneDNN's post-operation has a kernel of 3x3, a padding of 1 and one stride. */
static bool is_depthwise(const dn_conv_t *c, int64_t channels) {
  const dn_window_t *w = &c->desc.window;
  if (c->weights_rank != 5 || c->weights_dims[0] != channels || c->weights_dims[1] != 1 || c->weights_dims[2] != 1) return false;
  const int64_t *in = dn_dims(c->plan, c->op->node->inputs[0]), *out = dn_dims(c->plan, c->op->node->outputs[0]);
  for (int32_t d = 0; d < 2; d++) {
    if (c->weights_dims[d + 3] != 3 || w->pad_begin[d] != 1 || w->dilates[d] != 0 || w->strides[d] != w->strides[0]) return false;
    if (out[d + 2] != (in[d + 2] - 1) / w->strides[0] + 1) return false;
  }
  return w->strides[0] == 1 || w->strides[0] == 2;
}

static void add_functions(const dn_op_t *op, dn_post_t *posts, size_t *count) {
  for (size_t f = 0; f < op->fused_count; f++)
    posts[(*count)++] = (dn_post_t){
        .kind = DN_POST_ELTWISE, .algorithm = op->fused[f].algorithm, .alpha = op->fused[f].alpha, .beta = op->fused[f].beta};
}

static ob_status_t create(const dn_conv_t *c, const dn_post_t *posts, size_t count, dnnl_primitive_desc_t *pd) {
  dnnl_primitive_attr_t attr;
  *pd = NULL;
  OB_TRY(dn_attr_create(posts, count, &attr));
  if (dn_conv(c->plan->dnnl, &c->desc, attr, pd) != dnnl_success) *pd = NULL; /* two steps may still do */
  dnnl_primitive_attr_destroy(attr);
  return OB_OK;
}

/* The library's fused kernel reads rows that it did not write when channels come last (2.6.3, AVX2 and AVX-512: NaN where memory held
 * NaN); in blocks it is right. */
static bool in_blocks(const_dnnl_primitive_desc_t pd) {
  dn_shape_t src, dst;
  return dn_md_shape(dn_query(pd, dnnl_query_src_md, 0), &src) && src.block_count > 0 &&
         dn_md_shape(dn_query(pd, dnnl_query_dst_md, 0), &dst) && dst.block_count > 0;
}

/* The pair's primitive in the layouts that the first convolution likes by itself; *pd is NULL where that is not to be had, or slow. */
static ob_status_t describe_pair(dn_conv_t first, const dn_conv_t *second, dnnl_primitive_desc_t *pd) {
  dn_post_t posts[2 * DN_MAX_POSTS + 1];
  size_t count = 0;
  dnnl_primitive_desc_t alone;
  OB_TRY(dn_md_any(first.plan->store, first.weights_rank, first.weights_dims, &first.desc.weights));
  add_functions(first.op, posts, &count);
  OB_TRY(create(&first, posts, count, &alone));
  *pd = NULL;
  if (!alone) return OB_OK;
  if (!in_blocks(alone)) {
    dnnl_primitive_desc_destroy(alone);
    return OB_OK;
  }
  first.desc.src = dn_query(alone, dnnl_query_src_md, 0);
  first.desc.dst = dn_query(alone, dnnl_query_dst_md, 0);
  posts[count++] = (dn_post_t){.kind = DN_POST_DEPTHWISE, .stride = second->desc.window.strides[0], .bias = second->op->bias != DN_NONE};
  add_functions(second->op, posts, &count);
  ob_status_t status = create(&first, posts, count, pd);
  dnnl_primitive_desc_destroy(alone);
  if (!*pd || (!dn_impl_is_slow(*pd) && !strstr(dn_impl(*pd), "ref"))) return status;
  dnnl_primitive_desc_destroy(*pd);
  *pd = NULL;
  return status;
}

/* Weights and bias of one of the two; `part` is 0 or DNNL_ARG_ATTR_POST_OP_DW. */
static ob_status_t collect(const dn_conv_t *c, dn_md_t weights, int part, dn_arg_t *args, size_t *count) {
  dn_plan_t *plan = c->plan;
  const ob_node_view_t *node = c->op->node;
  dn_ref_t ref;
  OB_TRY(dn_weights(plan, node->inputs[1], weights, &c->axes, &ref));
  args[(*count)++] = (dn_arg_t){part | DNNL_ARG_WEIGHTS, ref.md, ref.buffer};
  if (c->op->bias == DN_NONE) return OB_OK;
  OB_TRY(dn_read_plain(plan, c->op->bias, 1, &dn_dims(plan, node->outputs[0])[1], &ref));
  args[(*count)++] = (dn_arg_t){part | DNNL_ARG_BIAS, ref.md, ref.buffer};
  return OB_OK;
}

static ob_status_t collect_all(const dn_conv_t *first, const dn_conv_t *second, const_dnnl_primitive_desc_t pd, dn_arg_t *args, size_t *count,
                               const char **text) {
  dn_plan_t *plan = first->plan;
  const char *front, *back;
  dn_ref_t ref;
  OB_TRY(dn_read_as(plan, first->op->node->inputs[0]->index, dn_query(pd, dnnl_query_src_md, 0), &ref));
  args[(*count)++] = (dn_arg_t){DNNL_ARG_SRC, ref.md, ref.buffer};
  OB_TRY(collect(first, dn_query(pd, dnnl_query_weights_md, 0), 0, args, count));
  const dn_md_t weights = dn_query(pd, dnnl_query_exec_arg_md, DNNL_ARG_ATTR_POST_OP_DW | DNNL_ARG_WEIGHTS);
  OB_TRY(collect(second, weights, DNNL_ARG_ATTR_POST_OP_DW, args, count));
  OB_TRY(dn_write(plan, second->op->output, dn_query(pd, dnnl_query_dst_md, 0), &ref));
  args[(*count)++] = (dn_arg_t){DNNL_ARG_DST, ref.md, ref.buffer};
  OB_TRY(dn_op_text(plan, first->op, first->op->fused_count, &front));
  OB_TRY(dn_op_text(plan, second->op, second->op->fused_count, &back));
  return ob_arena_printf(&plan->store->arena, text, "%s+%s", front, back);
}

ob_status_t dn_conv_pair(dn_conv_t *first, bool *paired) {
  dn_plan_t *plan = first->plan;
  dnnl_primitive_desc_t pd;
  dn_arg_t args[DN_MAX_ARGS];
  size_t count = 0;
  const char *text = NULL;
  *paired = false;
  const dn_op_t *next = is_pointwise(first) ? follower(plan, first->op) : NULL;
  if (!next) return OB_OK;
  dn_conv_t second = {.plan = plan, .op = next, .rank = first->rank};
  OB_TRY(dn_conv_describe(&second));
  if (!is_depthwise(&second, first->weights_dims[0]) || dn_count(plan, next->node->outputs[0]) == 0) return OB_OK;
  OB_TRY(describe_pair(*first, &second, &pd));
  if (!pd) return OB_OK;
  ob_status_t status = collect_all(first, &second, pd, args, &count, &text);
  if (status != OB_OK) {
    dnnl_primitive_desc_destroy(pd);
    return status;
  }
  *paired = true;
  return dn_step(plan, pd, args, count, text);
}
