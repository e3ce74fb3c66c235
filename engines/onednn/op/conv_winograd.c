/* 3x3 convolutions by Winograd's algorithm: a step of our own between those of oneDNN, whose own one is slower and never chosen. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "onednn/op/conv.h"
#include "winograd/winograd.h"

/* Another choice than before must be so much better: its weights would have to be transformed anew. */
static const double WORTH_A_CHANGE = 0.75;
/* F(4,3) must be so much better than F(2,3): its weights take 2.25 times the memory. */
static const double WORTH_THE_MEMORY = 0.85;

static bool all(const int64_t *ints, size_t count, int64_t wanted) {
  for (size_t i = 0; ints && i < count; i++)
    if (ints[i] != wanted) return false;
  return true;
}

static bool read_shape(const dn_plan_t *plan, const ob_node_view_t *node, ob_winograd_shape_t *shape) {
  enum { FEW = 16 };
  const ob_value_view_t *in = node->inputs[0], *weights = node->inputs[1];
  size_t count;
  if (strcmp(node->op, "Conv") != 0 || dn_rank(plan, in) != 4 || !weights->is_constant || plan->executable->engine->block == 0) return false;
  const int64_t *x = dn_dims(plan, in), *w = dn_dims(plan, weights), *y = dn_dims(plan, node->outputs[0]);
  if (w[2] != 3 || w[3] != 3 || w[1] != x[1] || w[1] < FEW || w[0] < FEW || dn_int(node, "group", 1) != 1) return false;
  const int64_t *ints = dn_plan_ints(plan, node, "strides", &count);
  if (!all(ints, count, 1)) return false;
  ints = dn_plan_ints(plan, node, "dilations", &count);
  if (!all(ints, count, 1)) return false;
  if (dn_count(plan, node->outputs[0]) == 0 || dn_count(plan, in) == 0) return false;
  *shape = (ob_winograd_shape_t){.batch = (size_t)x[0],
                                 .channels = (size_t)x[1],
                                 .filters = (size_t)w[0],
                                 .in_height = (size_t)x[2],
                                 .in_width = (size_t)x[3],
                                 .out_height = (size_t)y[2],
                                 .out_width = (size_t)y[3],
                                 .lanes = (size_t)plan->executable->engine->block};
  return true;
}

/* 0 for a direct convolution. */
static size_t fastest(const dn_plan_t *plan, const ob_winograd_shape_t *shape, size_t before) {
  const double direct = ob_winograd_direct_seconds(shape);
  ob_winograd_t two, four;
  if (!ob_winograd_plan(shape, 2, plan->binding->threads, &two) || !ob_winograd_plan(shape, 4, plan->binding->threads, &four)) return 0;
  const double seconds[] = {direct, two.seconds, four.seconds};
  size_t best = 0;
  if (two.seconds < direct) best = 1;
  if (four.seconds < seconds[best] * (best == 1 ? WORTH_THE_MEMORY : 1)) best = 2;
  if (!plan->trial && seconds[best] > seconds[before / 2] * WORTH_A_CHANGE) return before;
  return best * 2;
}

size_t dn_winograd_outputs(const dn_plan_t *plan, const ob_node_view_t *node) {
  ob_winograd_shape_t shape;
  return read_shape(plan, node, &shape) ? fastest(plan, &shape, 0) : 0;
}

/* ---------------------------------------------------------------- the step */

typedef struct step {
  dn_own_t own;
  ob_winograd_t plan;
  ob_winograd_layout_t in, out;
  bool has_bias, has_residual;
  float low, high;
} step_t;

static void run(const dn_own_t *own, const ob_host_t *host, void *const *data) {
  const step_t *s = (const step_t *)(const void *)own;
  size_t next = 4;
  ob_winograd_call_t call = {.in = ob_winograd_image(data[0], &s->in),
                             .out = ob_winograd_image(data[1], &s->out),
                             .packed = data[2],
                             .scratch = data[3],
                             .low = s->low,
                             .high = s->high};
  if (s->has_bias) call.bias = data[next++];
  if (s->has_residual) call.residual = data[next];
  ob_winograd_run(host, &s->plan, &call);
}

typedef struct packing {
  const ob_winograd_t *plan;
  const float *weights;
} packing_t;

static ob_status_t pack(void *arg, void *buffer) {
  const packing_t *p = arg;
  ob_winograd_pack(p->plan, p->weights, buffer);
  return OB_OK;
}

/* `bytes` bytes as a descriptor. */
static ob_status_t bytes_md(dn_plan_t *plan, size_t bytes, dn_md_t *md) {
  const int64_t count = (int64_t)(bytes / sizeof(float));
  return dn_md_strided(plan->store, 1, &count, NULL, md);
}

static ob_status_t read_weights(const dn_conv_t *c, const ob_winograd_t *winograd, dn_arg_t *arg) {
  dn_plan_t *plan = c->plan;
  const ob_value_view_t *value = c->op->node->inputs[1];
  char key[192];
  const void *plain, *packed;
  dn_ref_t ref;
  OB_TRY(dn_plain_constant(plan, value, &plain));
  packing_t packing = {winograd, plain};
  snprintf(key, sizeof key, "winograd 1: F(%zu,3), panels of %zu; value %u, %zu to %zu channels", winograd->outputs, winograd->shape.lanes * 2,
           value->index, winograd->shape.channels, winograd->shape.filters);
  OB_TRY(plan->host->packed(plan->binding->region, key, winograd->packed_bytes, pack, &packing, &packed));
  OB_TRY(bytes_md(plan, winograd->packed_bytes, &arg->md));
  OB_TRY(dn_fixed(plan, packed, arg->md, &ref));
  arg->buffer = ref.buffer;
  return OB_OK;
}

static ob_status_t image_md(const dn_conv_t *c, const ob_value_view_t *value, bool last, ob_winograd_layout_t *layout, dn_md_t *md) {
  const int64_t *dims = dn_dims(c->plan, value);
  const int32_t block = c->plan->executable->engine->block;
  ob_layout_t blocks = {.rank = 4, .order = {0, 1, 2, 3}, .block_count = 1, .block_dim = {1}, .block_size = {block}};
  if (last) blocks = (ob_layout_t){.rank = 4, .order = {0, 2, 3, 1}};
  *layout = (ob_winograd_layout_t){
      .channels = (size_t)dims[1], .height = (size_t)dims[2], .width = (size_t)dims[3], .lanes = (size_t)block, .channels_last = last};
  return dn_md_layout(c->plan->store, &blocks, dims, md);
}

/* ---------------------------------------------------------------- what is fused */

/* A residual of the output's dims first, then limits. Gives how many of the op's fused nodes that takes. */
static size_t take_fused(const dn_conv_t *c, step_t *s, const dn_fused_t **residual) {
  const dn_op_t *op = c->op;
  size_t taken = 0;
  s->low = -INFINITY;
  s->high = INFINITY;
  *residual = NULL;
  if (op->fused_count > 0 && op->fused[0].binary) {
    const ob_value_view_t *operand = c->plan->binding->region->values[op->fused[0].operand], *out = op->node->outputs[0];
    if (op->fused[0].algorithm != dnnl_binary_add || dn_rank(c->plan, operand) != 4 ||
        memcmp(dn_dims(c->plan, operand), dn_dims(c->plan, out), 4 * sizeof(int64_t)) != 0)
      return 0;
    *residual = &op->fused[taken++];
    s->has_residual = true;
  }
  if (taken == op->fused_count || op->fused[taken].binary || op->fused[taken].result == DN_NONE) return taken;
  const dn_fused_t *f = &op->fused[taken];
  if (f->algorithm == dnnl_eltwise_relu && f->alpha == 0) {
    s->low = 0;
  } else if (f->algorithm == dnnl_eltwise_clip && f->alpha <= 0 && f->beta >= 0) {
    s->low = f->alpha;
    s->high = f->beta;
  } else {
    return taken;
  }
  return taken + 1;
}

/* Where the outputs go: over the residual if nobody else wants that, else to a place of their own. */
static ob_status_t write_out(const dn_conv_t *c, uint32_t value, dn_md_t md, const dn_ref_t *residual, dn_ref_t *ref) {
  dn_plan_t *plan = c->plan;
  const bool is_output = plan->binding->region->values[value]->is_output && dn_md_is_plain(md);
  if (!residual || is_output || !dn_may_overwrite(plan, *residual)) return dn_write(plan, value, md, ref);
  *ref = *residual;
  return dn_write_over(plan, value, *residual);
}

/* The input is read where it lies, if that is in blocks or with its channels last; else as the region prefers. */
static ob_status_t read_in(const dn_conv_t *c, step_t *s, bool prefers_last, dn_arg_t *arg) {
  const ob_value_view_t *value = c->op->node->inputs[0];
  dn_ref_t ref;
  dn_md_t md, other;
  OB_TRY(dn_read(c->plan, value->index, &ref));
  OB_TRY(image_md(c, value, !prefers_last, &s->in, &other));
  if (dn_md_equal(ref.md, other)) {
    *arg = (dn_arg_t){DNNL_ARG_SRC, other, ref.buffer};
    return OB_OK;
  }
  OB_TRY(image_md(c, value, prefers_last, &s->in, &md));
  OB_TRY(dn_read_as(c->plan, value->index, md, &ref));
  *arg = (dn_arg_t){DNNL_ARG_SRC, md, ref.buffer};
  return OB_OK;
}

static bool is_better_last(const dn_conv_t *c, const ob_value_view_t *value) {
  return !dn_prefers_blocks(c->plan) || !dn_fits_blocks(c->plan, dn_dims(c->plan, value)[1]);
}

static ob_status_t collect(const dn_conv_t *c, step_t *s, dn_arg_t *args, size_t *count, size_t *fused) {
  dn_plan_t *plan = c->plan;
  const dn_op_t *op = c->op;
  const dn_fused_t *add;
  dn_md_t out;
  dn_ref_t ref, residual = {0};
  *fused = take_fused(c, s, &add);
  OB_TRY(image_md(c, op->node->outputs[0], is_better_last(c, op->node->outputs[0]), &s->out, &out));
  OB_TRY(read_in(c, s, is_better_last(c, op->node->inputs[0]), &args[0]));
  OB_TRY(read_weights(c, &s->plan, &args[2]));
  OB_TRY(bytes_md(plan, s->plan.scratch_bytes, &args[3].md));
  OB_TRY(dn_buffer_new(plan, (dn_buffer_t){.bytes = s->plan.scratch_bytes, .root = DN_NONE}, &args[3].buffer));
  *count = 4;
  s->has_bias = op->bias != DN_NONE;
  if (s->has_bias) {
    OB_TRY(dn_read_plain(plan, op->bias, 1, &dn_dims(plan, op->node->outputs[0])[1], &ref));
    args[(*count)++] = (dn_arg_t){DNNL_ARG_BIAS, ref.md, ref.buffer};
  }
  if (add) {
    OB_TRY(dn_read_as(plan, add->operand, out, &residual));
    args[(*count)++] = (dn_arg_t){DNNL_ARG_SRC_1, out, residual.buffer};
  }
  OB_TRY(write_out(c, *fused > 0 ? op->fused[*fused - 1].result : op->base, out, add ? &residual : NULL, &ref));
  args[1] = (dn_arg_t){DNNL_ARG_DST, out, ref.buffer};
  return OB_OK;
}

static ob_status_t make_step(const dn_conv_t *c, const ob_winograd_t *winograd) {
  dn_plan_t *plan = c->plan;
  dn_arg_t args[DN_MAX_ARGS] = {{0}};
  size_t count, fused;
  const char *text, *full;
  step_t *s;
  OB_TRY(OB_ARENA_NEW(&plan->store->arena, &s));
  s->own.run = run;
  s->plan = *winograd;
  OB_TRY(collect(c, s, args, &count, &fused));
  OB_TRY(dn_op_text(plan, c->op, fused, &text));
  OB_TRY(ob_arena_printf(&plan->store->arena, &full, "%s winograd:F(%zu,3)", text, winograd->outputs));
  OB_TRY(dn_step_own(plan, &s->own, args, count, full));
  return dn_finish(plan, c->op, fused);
}

ob_status_t dn_conv_winograd(dn_conv_t *c, bool *done) {
  dn_plan_t *plan = c->plan;
  dn_choice_t *choice = &plan->executable->choices[c->op->index];
  ob_winograd_shape_t shape;
  ob_winograd_t winograd;
  *done = false;
  if (c->desc.transposed || !read_shape(plan, c->op->node, &shape)) return OB_OK;
  shape.pad_top = (size_t)c->desc.window.pad_begin[0];
  shape.pad_left = (size_t)c->desc.window.pad_begin[1];
  if (c->desc.window.pad_begin[0] < 0 || c->desc.window.pad_begin[1] < 0) return OB_OK;
  const size_t outputs = fastest(plan, &shape, choice->winograd);
  if (plan->trial) choice->winograd = (uint32_t)outputs;
  if (outputs == 0 || !ob_winograd_plan(&shape, outputs, plan->binding->threads, &winograd)) return OB_OK;
  *done = true;
  return make_step(c, &winograd);
}
