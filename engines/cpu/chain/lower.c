/* Element-wise operators as steps: unary, binary, variadic, comparisons, casts. float16 and bfloat16 go through float32. */
#include "cpu/chain/lower.h"

#include <math.h>
#include <string.h>

static ob_dtype_t result_type(const ob_lowering_t *node) { return node->node->outputs[0]->dtype; }

/* Runs `op` in float32 on an operand of a small float type and goes back to that type. */
static ob_reg_t unary_f32(ob_chain_builder_t *builder, const ob_lowering_t *node, ob_unary_t op, float p, float q) {
  const ob_reg_t x = ob_chain_cast(builder, node->in[0], OB_FLOAT32);
  return ob_chain_cast(builder, ob_chain_unary(builder, op, x, p, q), result_type(node));
}

OB_LOWER(lower_unary) {
  if (!ob_is_small_real(ob_chain_dtype(builder, node->in[0]))) return lower_typed(builder, node);
  float param[2] = {0, 0};
  for (int i = 0; i < 2; i++)
    if (node->op->attributes[i]) param[i] = ob_elementwise_param(node->node, node->op->attributes[i], node->op->defaults[i]);
  return unary_f32(builder, node, (ob_unary_t)node->op->f32, param[0], param[1]);
}

OB_LOWER(lower_typed) {
  const ob_dtype_t dtype = ob_chain_dtype(builder, node->in[0]);
  const ob_reg_t second = node->node->input_count > 1 ? node->in[1] : -1;
  return ob_chain_step(builder, ob_chain_typed(node->op->typed, dtype), dtype, node->in[0], second, -1);
}

OB_LOWER(lower_gelu) {
  const bool by_tanh = strcmp(ob_node_text(node->node, "approximate", "none"), "tanh") == 0;
  return unary_f32(builder, node, by_tanh ? OB_UNARY_gelu_tanh : OB_UNARY_gelu, 0, 0);
}

static ob_reg_t binary(ob_chain_builder_t *builder, ob_binary_t op, ob_typed_t typed, ob_reg_t a, ob_reg_t b) {
  const ob_dtype_t dtype = ob_chain_dtype(builder, a);
  if (dtype == OB_FLOAT32) return ob_chain_binary(builder, op, a, b);
  return ob_chain_step(builder, ob_chain_typed(typed, dtype), dtype, a, b, -1);
}

/* Small floats in float32, all others as they are. */
static ob_reg_t widen(ob_chain_builder_t *builder, ob_reg_t a) {
  return ob_is_small_real(ob_chain_dtype(builder, a)) ? ob_chain_cast(builder, a, OB_FLOAT32) : a;
}

/* A bound of Clip that is a number when the instance is made. */
static bool known_bound(const ob_lowering_t *node, size_t input, float fallback, float *bound) {
  *bound = fallback;
  if (!ob_cpu_has(node->node, input)) return true;
  const ob_tensor_t *tensor = node->tensors[input];
  if (!tensor || !tensor->data || tensor->dtype != OB_FLOAT32) return false;
  *bound = *(const float *)tensor->data;
  return true;
}

OB_LOWER(lower_clip) {
  ob_reg_t x = widen(builder, node->in[0]);
  float low, high;
  if (known_bound(node, 1, -INFINITY, &low) && known_bound(node, 2, INFINITY, &high) && ob_chain_dtype(builder, x) == OB_FLOAT32)
    return ob_chain_cast(builder, ob_chain_unary(builder, OB_UNARY_clip, x, low, high), result_type(node));
  if (ob_cpu_has(node->node, 1)) x = binary(builder, OB_BINARY_max, OB_TYPED_MAX, x, widen(builder, node->in[1]));
  if (ob_cpu_has(node->node, 2)) x = binary(builder, OB_BINARY_min, OB_TYPED_MIN, x, widen(builder, node->in[2]));
  return ob_chain_cast(builder, x, result_type(node));
}

OB_LOWER(lower_test) {
  const ob_reg_t x = widen(builder, node->in[0]);
  const bool nan = strcmp(node->op->name, "IsNaN") == 0;
  const ob_reg_t y = ob_chain_step(builder, builder->isa->test(nan, ob_chain_dtype(builder, x)), OB_BOOL, x, -1, -1);
  if (y < 0) return y;
  float *param = builder->chain.steps[builder->chain.step_count - 1].param;
  const ob_attribute_view_t *negative = ob_node_attribute(node->node, "detect_negative");
  const ob_attribute_view_t *positive = ob_node_attribute(node->node, "detect_positive");
  param[0] = !negative || negative->ints[0] != 0 ? 1 : 0;
  param[1] = !positive || positive->ints[0] != 0 ? 1 : 0;
  return y;
}

OB_CHECK(check_test) {
  if (node->inputs[0]->dtype != OB_BOOL) return true;
  return ob_cpu_refuse(node, reason, size, "bool is no float");
}

OB_LOWER(lower_binary) {
  const ob_reg_t a = widen(builder, node->in[0]), b = widen(builder, node->in[1]);
  return ob_chain_cast(builder, binary(builder, (ob_binary_t)node->op->f32, node->op->typed, a, b), result_type(node));
}

/* x^y for the few y that networks use; false for all others. */
static bool power_of(float y, ob_unary_t *op) {
  static const struct {
    float y;
    ob_unary_t op;
  } known[] = {{2.0f, OB_UNARY_square}, {3.0f, OB_UNARY_cube}, {0.5f, OB_UNARY_sqrt}, {1.0f, OB_UNARY_copy}, {-1.0f, OB_UNARY_reciprocal}};
  for (size_t i = 0; i < sizeof known / sizeof *known; i++)
    if (known[i].y == y) {
      *op = known[i].op;
      return true;
    }
  return false;
}

OB_LOWER(lower_pow) {
  const ob_tensor_t *exponent = node->tensors[1];
  ob_unary_t op;
  if (exponent && exponent->data && exponent->dtype == OB_FLOAT32 && ob_tensor_count(exponent) == 1 &&
      power_of(*(const float *)exponent->data, &op))
    return unary_f32(builder, node, op, 0, 0);
  const ob_reg_t a = ob_chain_cast(builder, node->in[0], OB_FLOAT32), b = ob_chain_cast(builder, node->in[1], OB_FLOAT32);
  return ob_chain_cast(builder, ob_chain_binary(builder, OB_BINARY_pow, a, b), result_type(node));
}

OB_CHECK(check_pow) {
  if (ob_is_small_real(node->inputs[0]->dtype) && node->inputs[1]->dtype != OB_FLOAT64) return true;
  return ob_cpu_refuse(node, reason, size, "only float32, float16 and bfloat16 powers, this is %s", ob_dtype_name(node->inputs[0]->dtype));
}

static bool mod_is_c(const ob_node_view_t *node) {
  const ob_attribute_view_t *fmod = ob_node_attribute(node, "fmod");
  return fmod && fmod->ints[0] != 0;
}

OB_LOWER(lower_mod) {
  const ob_reg_t a = widen(builder, node->in[0]), b = widen(builder, node->in[1]);
  const ob_typed_t typed = mod_is_c(node->node) ? OB_TYPED_FMOD : OB_TYPED_MOD;
  return ob_chain_cast(builder, binary(builder, OB_BINARY_fmod, typed, a, b), result_type(node));
}

OB_CHECK(check_mod) {
  const ob_dtype_t dtype = node->inputs[0]->dtype;
  if (mod_is_c(node) || (OB_INTEGERS & OB_DTYPE_BIT(dtype))) return true;
  return ob_cpu_refuse(node, reason, size, "fmod must be 1 for %s", ob_dtype_name(dtype));
}

static ob_reg_t variadic(ob_chain_builder_t *builder, const ob_lowering_t *node) {
  ob_reg_t sum = widen(builder, node->in[0]);
  for (size_t i = 1; i < node->node->input_count; i++)
    sum = binary(builder, (ob_binary_t)node->op->f32, node->op->typed, sum, widen(builder, node->in[i]));
  return sum;
}

OB_LOWER(lower_variadic) { return ob_chain_cast(builder, variadic(builder, node), result_type(node)); }

OB_LOWER(lower_mean) {
  const ob_reg_t sum = variadic(builder, node);
  return ob_chain_cast(builder, ob_chain_unary(builder, OB_UNARY_scale, sum, 1.0f / (float)node->node->input_count, 0), result_type(node));
}

OB_CHECK(check_variadic) {
  if (node->input_count <= 16) return true;
  return ob_cpu_refuse(node, reason, size, "%zu inputs, at most 16 are taken", node->input_count);
}

OB_LOWER(lower_compare) {
  const ob_reg_t a = widen(builder, node->in[0]), b = widen(builder, node->in[1]);
  return ob_chain_step(builder, ob_chain_typed(node->op->typed, ob_chain_dtype(builder, a)), OB_BOOL, a, b, -1);
}

OB_LOWER(lower_shift) {
  const bool left = strcmp(ob_node_text(node->node, "direction", "LEFT"), "LEFT") == 0;
  const ob_dtype_t dtype = ob_chain_dtype(builder, node->in[0]);
  const ob_tile_fn run = ob_chain_typed(left ? OB_TYPED_SHIFT_LEFT : OB_TYPED_SHIFT_RIGHT, dtype);
  return ob_chain_step(builder, run, dtype, node->in[0], node->in[1], -1);
}

OB_LOWER(lower_where) {
  const ob_dtype_t dtype = result_type(node);
  return ob_chain_step(builder, builder->isa->where(ob_cpu_size(dtype)), dtype, node->in[0], node->in[1], node->in[2]);
}

OB_LOWER(lower_cast) { return ob_chain_cast(builder, node->in[0], result_type(node)); }
