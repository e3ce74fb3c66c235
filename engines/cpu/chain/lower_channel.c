/* Operators whose numbers lie along one axis: quantisation and batch normalisation, as steps of a chain. */
#include <math.h>

#include "cpu/chain/lower.h"

static const float zero = 0.0f;

static int64_t axis_of(const ob_node_view_t *node, int64_t fallback) {
  const ob_attribute_view_t *axis = ob_node_attribute(node, "axis");
  return axis ? axis->ints[0] : fallback;
}

/* Numbers known when the instance is made, as float32: their casts need not run each time. NULL when they can't be kept. */
static const float *known_numbers(ob_chain_builder_t *builder, const ob_tensor_t *tensor, size_t count) {
  float *numbers = NULL;
  const ob_tile_fn cast = ob_chain_cast_fn(tensor->dtype, OB_FLOAT32);
  if (!cast || builder->status != OB_OK) return NULL;
  builder->status = OB_ARENA_ARRAY(builder->arena, count, &numbers);
  const ob_tile_t tile = {.in = {tensor->data}, .out = numbers, .n = count};
  if (builder->status == OB_OK) cast(&tile);
  return builder->status == OB_OK ? numbers : NULL;
}

/* Input `index` along the quantisation axis, as float32; the number zero when it is left out. */
static ob_reg_t along(ob_chain_builder_t *builder, const ob_lowering_t *node, size_t index) {
  if (!ob_cpu_has(node->node, index)) return ob_chain_numbers(builder, &zero, 1, 0);
  const ob_tensor_t *tensor = node->tensors[index];
  const int32_t axis = (int32_t)ob_cpu_axis(axis_of(node->node, 1), node->rank);
  const size_t count = ob_tensor_count(tensor);
  const float *numbers = tensor->data ? known_numbers(builder, tensor, count) : NULL;
  if (numbers) return ob_chain_numbers(builder, numbers, (int64_t)count, count == 1 ? 0 : axis);
  const ob_reg_t reg = count == 1 ? ob_chain_input(builder, node->which[index], tensor) : ob_chain_input_along(builder, node->which[index], tensor, axis);
  return ob_chain_cast(builder, reg, OB_FLOAT32);
}

/* Is the zero point left out, or known to be zero? */
static bool has_no_zero_point(const ob_lowering_t *node) {
  if (!ob_cpu_has(node->node, 2)) return true;
  const ob_tensor_t *tensor = node->tensors[2];
  const unsigned char *bytes = tensor->data;
  if (!bytes) return false;
  for (size_t i = 0; i < ob_tensor_count(tensor) * ob_cpu_size(tensor->dtype); i++)
    if (bytes[i] != 0) return false;
  return true;
}

OB_LOWER(lower_quantize) {
  const ob_isa_t *isa = builder->isa;
  const ob_dtype_t to = node->node->outputs[0]->dtype;
  const ob_tile_fn run = to == OB_UINT8    ? isa->quantize_u8
                         : to == OB_INT8   ? isa->quantize_i8
                         : to == OB_UINT16 ? isa->quantize_u16
                                           : isa->quantize_i16;
  const ob_reg_t x = ob_chain_cast(builder, node->in[0], OB_FLOAT32), scale = along(builder, node, 1);
  const ob_reg_t y = ob_chain_step(builder, run, to, x, scale, along(builder, node, 2));
  if (y >= 0) builder->chain.steps[builder->chain.step_count - 1].scalars_ok = true;
  return y;
}

OB_LOWER(lower_dequantize) {
  ob_reg_t x = ob_chain_cast(builder, node->in[0], OB_FLOAT32);
  if (!has_no_zero_point(node)) x = ob_chain_binary(builder, OB_BINARY_sub, x, along(builder, node, 2));
  x = ob_chain_binary(builder, OB_BINARY_mul, x, along(builder, node, 1));
  return ob_chain_cast(builder, x, node->node->outputs[0]->dtype);
}

/* One scale, or one for each place along an axis: no blocks. */
static bool check_axis(const ob_node_view_t *node, char *reason, size_t size) {
  const ob_attribute_view_t *block = ob_node_attribute(node, "block_size");
  if (block && block->ints[0] != 0) return ob_cpu_refuse(node, reason, size, "blocked quantisation");
  if (node->inputs[1]->rank < 0 || node->inputs[1]->rank > 1)
    return ob_cpu_refuse(node, reason, size, "the scale has rank %d, 0 or 1 is taken", (int)node->inputs[1]->rank);
  if (!(OB_SMALL_REALS & OB_DTYPE_BIT(node->inputs[1]->dtype)))
    return ob_cpu_refuse(node, reason, size, "the scale is %s", ob_dtype_name(node->inputs[1]->dtype));
  return true;
}

OB_CHECK(check_quantize) {
  const uint64_t to = OB_DTYPE_BIT(OB_UINT8) | OB_DTYPE_BIT(OB_INT8) | OB_DTYPE_BIT(OB_UINT16) | OB_DTYPE_BIT(OB_INT16);
  if (!(OB_SMALL_REALS & OB_DTYPE_BIT(node->inputs[0]->dtype)))
    return ob_cpu_refuse(node, reason, size, "x is %s", ob_dtype_name(node->inputs[0]->dtype));
  if (!(to & OB_DTYPE_BIT(node->outputs[0]->dtype)))
    return ob_cpu_refuse(node, reason, size, "to %s", ob_dtype_name(node->outputs[0]->dtype));
  return check_axis(node, reason, size);
}

OB_CHECK(check_dequantize) {
  if (!(OB_SMALL_REALS & OB_DTYPE_BIT(node->outputs[0]->dtype)))
    return ob_cpu_refuse(node, reason, size, "to %s", ob_dtype_name(node->outputs[0]->dtype));
  return check_axis(node, reason, size);
}

/* y = a x + b with a = scale / sqrt(variance + epsilon), b = bias - mean a, worked out when the instance is made. */
static ob_reg_t known_batch_norm(ob_chain_builder_t *builder, const ob_lowering_t *node, float epsilon) {
  const float *scale = node->tensors[1]->data, *bias = node->tensors[2]->data;
  const float *mean = node->tensors[3]->data, *variance = node->tensors[4]->data;
  const size_t count = ob_tensor_count(node->tensors[1]);
  float *factor, *shift;
  builder->status = OB_ARENA_ARRAY(builder->arena, count, &factor);
  if (builder->status == OB_OK) builder->status = OB_ARENA_ARRAY(builder->arena, count, &shift);
  if (builder->status != OB_OK) return -1;
  for (size_t i = 0; i < count; i++) {
    const double a = (double)scale[i] / sqrt((double)variance[i] + (double)epsilon);
    factor[i] = (float)a;
    shift[i] = (float)((double)bias[i] - (double)mean[i] * a);
  }
  const ob_reg_t a = ob_chain_numbers(builder, factor, (int64_t)count, 1), b = ob_chain_numbers(builder, shift, (int64_t)count, 1);
  return ob_chain_f32(builder, builder->isa->muladd, node->in[0], a, b, 0, 0);
}

OB_LOWER(lower_batch_norm) {
  const float epsilon = ob_elementwise_param(node->node, "epsilon", 1e-5f);
  bool known = true;
  for (size_t i = 1; i < 5; i++) known = known && node->tensors[i]->data;
  if (builder->status != OB_OK) return -1;
  if (known) return known_batch_norm(builder, node, epsilon);
  ob_reg_t in[5] = {node->in[0]};
  for (size_t i = 1; i < 5; i++) in[i] = ob_chain_input_along(builder, node->which[i], node->tensors[i], 1);
  float *kept;
  builder->status = OB_ARENA_NEW(builder->arena, &kept);
  if (builder->status != OB_OK) return -1;
  *kept = epsilon;
  const ob_reg_t widened = ob_chain_binary(builder, OB_BINARY_add, in[4], ob_chain_numbers(builder, kept, 1, 0));
  const ob_reg_t deviation = ob_chain_unary(builder, OB_UNARY_sqrt, widened, 0, 0);
  const ob_reg_t centered = ob_chain_binary(builder, OB_BINARY_sub, in[0], in[3]);
  const ob_reg_t normal = ob_chain_binary(builder, OB_BINARY_div, centered, deviation);
  return ob_chain_f32(builder, builder->isa->muladd, normal, in[1], in[2], 0, 0);
}

OB_CHECK(check_batch_norm) {
  const ob_attribute_view_t *training = ob_node_attribute(node, "training_mode");
  if (training && training->ints[0] != 0) return ob_cpu_refuse(node, reason, size, "training mode");
  for (size_t i = 1; i < node->output_count; i++)
    if (node->outputs[i]) return ob_cpu_refuse(node, reason, size, "running statistics are wanted");
  if (node->inputs[0]->rank >= 0 && node->inputs[0]->rank < 2) return ob_cpu_refuse(node, reason, size, "the input has no channels");
  return true;
}
