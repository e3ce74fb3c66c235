/* Conv and ConvTranspose in one, two and three spatial dims. */
#include <string.h>

#include "onednn/kinds.h"
#include "onednn/op/conv.h"

/* Shapes for which oneDNN 2.6 has slow kernels only; all were measured against the engine cpu. */
static bool is_fast(const ob_node_view_t *node, dn_reason_t *reason) {
  const ob_value_view_t *in = node->inputs[0], *weights = node->inputs[1];
  const int64_t *kernel = weights->dims, group = dn_int(node, "group", 1);
  if (strcmp(node->op, "ConvTranspose") == 0) {
    const ob_attribute_view_t *strides = ob_node_attribute(node, "strides");
    bool apart = strides && strides->count == (size_t)weights->rank - 2;
    for (size_t i = 0; apart && i < strides->count; i++) apart = strides->ints[i] == kernel[i + 2];
    if (apart) return dn_refuse(reason, "ConvTranspose: oneDNN is slow where the stride is the kernel's size");
    return true;
  }
  if (in->rank == 4 && in->dims[3] == 1 && in->dims[2] != 1 && kernel[3] == 1 && kernel[2] > 1)
    return dn_refuse(reason, "Conv: oneDNN is slow on images of one column");
  if (group > 1 && kernel[1] > 1 && kernel[1] < 16)
    return dn_refuse(reason, "Conv: oneDNN is slow in groups of fewer than 16 channels");
  return true;
}

static bool supports(const ob_node_view_t *node, dn_reason_t *reason) {
  if (!dn_all_float32(node, reason) || !dn_numbers_known(node, "group", reason)) return false;
  if (node->input_count < 2 || !node->inputs[0] || !node->inputs[1]) return dn_refuse(reason, "%s: needs data and weights", node->op);
  const ob_value_view_t *weights = node->inputs[1];
  int32_t rank = node->inputs[0]->rank;
  if (rank < 3 || rank > 5) return dn_refuse(reason, "%s: oneDNN has 1 to 3 spatial dims, here are %d", node->op, rank - 2);
  if (weights->rank != rank) return dn_refuse(reason, "%s: weights of rank %d for data of rank %d", node->op, weights->rank, rank);
  for (int32_t d = 0; d < rank; d++)
    if (weights->dims[d] == 0) return dn_refuse(reason, "%s: weights without elements", node->op);
  if (dn_int(node, "group", 1) < 1) return dn_refuse(reason, "%s: group must be positive", node->op);
  return is_fast(node, reason);
}

/* oneDNN's weights: (groups,) outputs, inputs, kernel; ONNX has groups inside the first dim, and ConvTranspose inputs first. */
static ob_status_t read_weights_dims(dn_conv_t *c) {
  const ob_node_view_t *node = c->op->node;
  const int64_t *dims = dn_dims(c->plan, node->inputs[1]);
  int64_t groups = dn_int(node, "group", 1);
  bool transposed = c->desc.transposed;
  if (dims[0] % groups != 0)
    return ob_fail(OB_INVALID_MODEL, "node '%s': %lld channels do not divide into %lld groups", ob_quote(node->name),
                   (long long)dims[0], (long long)groups);
  int32_t at = 0;
  if (groups > 1) {
    c->weights_dims[at] = groups;
    c->axes.axis[at++] = 0;
  }
  int64_t first = dims[0] / groups;
  c->weights_dims[at] = transposed ? dims[1] : first;
  c->axes.axis[at++] = transposed ? 1 : 0;
  c->weights_dims[at] = transposed ? first : dims[1];
  c->axes.axis[at++] = transposed ? 0 : 1;
  for (int32_t d = 2; d < c->rank && at < DN_MAX_RANK; d++) {
    c->weights_dims[at] = dims[d];
    c->axes.axis[at++] = (int8_t)d;
  }
  c->weights_rank = at;
  return OB_OK;
}

static dnnl_status_t make(void *self, const_dnnl_primitive_attr_t attr, dnnl_primitive_desc_t *pd) {
  dn_conv_t *c = self;
  return dn_conv(c->plan->dnnl, &c->desc, attr, pd);
}

/* nChw16c (nChw8c with AVX2) where the region gains by it, and where few channels must be padded. Images of a few channels stay as they are. */
static ob_status_t describe_image(dn_conv_t *c, const ob_value_view_t *value, dn_md_t *md) {
  enum { FEW = 4 };
  const int32_t block = c->plan->executable->engine->block;
  const int64_t *dims = dn_dims(c->plan, value);
  if (c->rank != 4 || c->desc.transposed || dims[1] <= FEW || !dn_fits_blocks(c->plan, dims[1]) || !dn_prefers_blocks(c->plan))
    return dn_md_any(c->plan->store, c->rank, dims, md);
  const ob_layout_t layout = {.rank = 4, .order = {0, 1, 2, 3}, .block_count = 1, .block_dim = {1}, .block_size = {block}};
  return dn_md_layout(c->plan->store, &layout, dims, md);
}

ob_status_t dn_conv_describe(dn_conv_t *c) {
  dn_plan_t *plan = c->plan;
  const ob_node_view_t *node = c->op->node;
  c->desc.transposed = strcmp(node->op, "ConvTranspose") == 0;
  const ob_value_view_t *in = node->inputs[0], *out = node->outputs[0];
  OB_TRY(read_weights_dims(c));
  int64_t channels = c->weights_dims[c->weights_rank - c->rank + 1] * dn_int(node, "group", 1);
  if (dn_dims(plan, in)[1] != channels)
    return ob_fail(OB_INVALID_ARGUMENT, "node '%s': the weights are for %lld channels, the data has %lld", ob_quote(node->name),
                   (long long)channels, (long long)dn_dims(plan, in)[1]);
  dn_window_in_t window = {.node = node,
                           .count = c->rank - 2,
                           .in = dn_dims(plan, in) + 2,
                           .out = dn_dims(plan, out) + 2,
                           .kernel = dn_dims(plan, node->inputs[1]) + 2,
                           .transposed = c->desc.transposed};
  OB_TRY(dn_window_read(plan, &window, &c->desc.window));
  OB_TRY(describe_image(c, in, &c->desc.src));
  OB_TRY(describe_image(c, out, &c->desc.dst));
  if (c->op->bias != DN_NONE) OB_TRY(dn_md_strided(plan->store, 1, &dn_dims(plan, out)[1], NULL, &c->desc.bias));
  c->desc.algorithm = c->desc.transposed ? dnnl_deconvolution_direct : dnnl_convolution_direct;
  return OB_OK;
}

/* With the weights' layout of the artifact when it still serves, else with the one that oneDNN likes best. */
static ob_status_t choose(dn_conv_t *c, const dn_maker_t *maker, dn_made_t *made) {
  OB_TRY(dn_chosen(c->plan, c->weights_rank, c->weights_dims, &c->desc.weights));
  if (c->desc.weights) {
    dnnl_primitive_attr_t attr;
    dnnl_primitive_desc_t pd = NULL;
    OB_TRY(dn_attr_create(NULL, 0, &attr));
    bool works = make(c, attr, &pd) == dnnl_success && !dn_impl_is_slow(pd);
    dnnl_primitive_attr_destroy(attr);
    if (pd) dnnl_primitive_desc_destroy(pd);
    if (works) return dn_make(maker, c->op, made);
  }
  OB_TRY(dn_md_any(c->plan->store, c->weights_rank, c->weights_dims, &c->desc.weights));
  return dn_make(maker, c->op, made);
}

static ob_status_t collect(dn_conv_t *c, dnnl_primitive_desc_t pd, dn_arg_t *args, size_t *count) {
  dn_plan_t *plan = c->plan;
  const ob_node_view_t *node = c->op->node;
  dn_ref_t ref;
  OB_TRY(dn_read_as(plan, node->inputs[0]->index, dn_query(pd, dnnl_query_src_md, 0), &ref));
  args[(*count)++] = (dn_arg_t){DNNL_ARG_SRC, ref.md, ref.buffer};
  dn_md_t weights = dn_query(pd, dnnl_query_weights_md, 0);
  dn_choose(plan, weights);
  OB_TRY(dn_weights(plan, node->inputs[1], weights, &c->axes, &ref));
  args[(*count)++] = (dn_arg_t){DNNL_ARG_WEIGHTS, ref.md, ref.buffer};
  if (c->op->bias == DN_NONE) return OB_OK;
  OB_TRY(dn_read_plain(plan, c->op->bias, 1, &dn_dims(plan, node->outputs[0])[1], &ref));
  args[(*count)++] = (dn_arg_t){DNNL_ARG_BIAS, ref.md, ref.buffer};
  return OB_OK;
}

static ob_status_t plan_conv(dn_plan_t *plan, const dn_op_t *op) {
  const ob_value_view_t *out = op->node->outputs[0];
  if (plan->values[op->output].main.buffer != DN_NONE) return OB_OK; /* made with the convolution before it */
  bool done;
  dn_conv_t c = {.plan = plan, .op = op, .rank = dn_rank(plan, out)};
  dn_maker_t maker = {.make = make, .self = &c, .plan = plan, .rank = c.rank, .dims = dn_dims(plan, out)};
  dn_made_t made;
  dn_arg_t args[DN_MAX_ARGS];
  size_t count = 0;
  OB_TRY(dn_conv_describe(&c));
  OB_TRY(dn_conv_winograd(&c, &done));
  if (!done) OB_TRY(dn_conv_pair(&c, &done));
  if (done) return OB_OK;
  OB_TRY(choose(&c, &maker, &made));
  ob_status_t status = collect(&c, made.pd, args, &count);
  if (status != OB_OK) {
    dnnl_primitive_desc_destroy(made.pd);
    return status;
  }
  return dn_made_step(&maker, op, &made, args, count);
}

enum { TAKES = DN_TAKES_ELTWISE | DN_TAKES_BINARY | DN_TAKES_BIAS };
const dn_kind_t dn_kind_Conv = {.op = "Conv", .role = DN_CONTRACTION, .takes = TAKES, .supports = supports, .plan = plan_conv};
const dn_kind_t dn_kind_ConvTranspose = {
    .op = "ConvTranspose", .role = DN_CONTRACTION, .takes = TAKES, .supports = supports, .plan = plan_conv};
