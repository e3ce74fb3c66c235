/* Quantised tensors: in and out of them, and products of integers. */
#include "import/onnx/contrib/contrib.h"

/* A list of one element becomes a scalar. */
static ob_value_t *scalar_of(ob_contrib_t *c, ob_value_t *value) {
  if (!value || value->type.rank != 1 || !ob_expr_is(value->type.dims[0], 1)) return value;
  return OB_MAKE(c, "Squeeze", value, OB_LIST(c, 0));
}

/* Zero point and scale have one shape. */
static ob_value_t *zero_like(ob_contrib_t *c, ob_value_t *zero, ob_value_t *scale) {
  if (!zero || !scale || zero->type.rank == scale->type.rank) return zero;
  return OB_MAKE(c, "Expand", zero, OB_MAKE(c, "Shape", scale));
}

ob_value_t *ob_contrib_dequantize(ob_contrib_t *c, const ob_quantized_t *from, int64_t axis) {
  ob_value_t *scale = scalar_of(c, from->scale), *zero = zero_like(c, scalar_of(c, from->zero), scale);
  if (scale && scale->type.rank == 1) ob_contrib_with_int(c, "axis", axis);
  return OB_MAKE(c, "DequantizeLinear", from->value, scale, zero);
}

ob_value_t *ob_contrib_quantize(ob_contrib_t *c, const ob_quantized_t *to, ob_dtype_t dtype) {
  ob_value_t *scale = scalar_of(c, to->scale), *zero = scalar_of(c, to->zero);
  if (!zero) ob_contrib_with_int(c, "output_dtype", (int64_t)dtype);
  return OB_MAKE(c, "QuantizeLinear", to->value, scale, zero);
}

ob_value_t *ob_contrib_quantized_product(ob_contrib_t *c, const ob_quantized_t *a, const ob_quantized_t *b) {
  ob_value_t *left = ob_contrib_dequantize(c, a, -2), *right = ob_contrib_dequantize(c, b, -1);
  return OB_MAKE(c, "MatMul", left, right);
}

ob_value_t *ob_contrib_quantized_bias(ob_contrib_t *c, ob_value_t *bias, const ob_quantized_t *a, const ob_quantized_t *b) {
  if (!bias) return NULL;
  return OB_MAKE(c, "Mul", ob_contrib_cast(c, bias, OB_FLOAT32), OB_MAKE(c, "Mul", scalar_of(c, a->scale), scalar_of(c, b->scale)));
}

/* ------------------------------------------------------------ operators */

void ob_contrib_quantize_linear(ob_contrib_t *c) {
  ob_value_t *x = ob_contrib_need(c, 0), *scale = ob_contrib_need(c, 1), *zero = ob_contrib_input(c, 2);
  ob_contrib_with_own(c, "axis");
  ob_contrib_give(c, 0, OB_MAKE(c, "QuantizeLinear", x, scale, zero));
}

void ob_contrib_dequantize_linear(ob_contrib_t *c) {
  ob_value_t *x = ob_contrib_need(c, 0), *scale = ob_contrib_need(c, 1), *zero = ob_contrib_input(c, 2);
  ob_contrib_with_own(c, "axis");
  ob_contrib_give(c, 0, OB_MAKE(c, "DequantizeLinear", x, scale, zero));
}

void ob_contrib_mat_mul_integer_to_float(ob_contrib_t *c) {
  ob_quantized_t a = {ob_contrib_need(c, 0), ob_contrib_need(c, 2), ob_contrib_input(c, 4)};
  ob_quantized_t b = {ob_contrib_need(c, 1), ob_contrib_need(c, 3), ob_contrib_input(c, 5)};
  ob_contrib_give(c, 0, ob_contrib_add(c, ob_contrib_quantized_product(c, &a, &b), ob_contrib_input(c, 6)));
}

void ob_contrib_dynamic_quantize_mat_mul(ob_contrib_t *c) {
  ob_value_t *x = ob_contrib_need(c, 0), *out[3];
  ob_quantized_t b = {ob_contrib_need(c, 1), ob_contrib_need(c, 2), ob_contrib_input(c, 3)};
  ob_contrib_make_many(c, "DynamicQuantizeLinear", &x, 1, out, 3);
  ob_quantized_t a = {out[0], out[1], out[2]};
  ob_contrib_give(c, 0, ob_contrib_add(c, ob_contrib_quantized_product(c, &a, &b), ob_contrib_input(c, 4)));
}

/* (a * b + c) * alpha * both scales, as float or quantised. */
void ob_contrib_q_gemm(ob_contrib_t *c) {
  ob_quantized_t a = {ob_contrib_need(c, 0), ob_contrib_need(c, 1), ob_contrib_need(c, 2)};
  ob_quantized_t b = {ob_contrib_need(c, 3), ob_contrib_need(c, 4), ob_contrib_need(c, 5)};
  bool turned = ob_contrib_int(c, "transB", 0) != 0;
  ob_value_t *left = ob_contrib_dequantize(c, &a, 0), *right = ob_contrib_dequantize(c, &b, turned ? 0 : 1);
  ob_value_t *bias = ob_contrib_quantized_bias(c, ob_contrib_input(c, 6), &a, &b);
  ob_contrib_with_own(c, "alpha transA transB");
  ob_contrib_with_float(c, "beta", ob_contrib_float(c, "alpha", 1));
  ob_quantized_t to = {OB_MAKE(c, "Gemm", left, right, bias), ob_contrib_input(c, 7), ob_contrib_input(c, 8)};
  ob_contrib_give(c, 0, to.scale ? ob_contrib_quantize(c, &to, OB_UINT8) : to.value);
}

/* ------------------------------------------------------------ integers */

static ob_value_t *centred(ob_contrib_t *c, size_t index) {
  ob_value_t *value = ob_contrib_cast(c, ob_contrib_need(c, index), OB_INT32), *zero = ob_contrib_input(c, index + 1);
  return zero ? OB_MAKE(c, "Sub", value, ob_contrib_cast(c, zero, OB_INT32)) : value;
}

void ob_contrib_mul_integer(ob_contrib_t *c) { ob_contrib_give(c, 0, OB_MAKE(c, "Mul", centred(c, 0), centred(c, 2))); }

void ob_contrib_mat_mul_integer_16(ob_contrib_t *c) {
  ob_value_t *a = ob_contrib_need(c, 0), *b = ob_contrib_need(c, 1);
  if (c->status != OB_OK) return;
  ob_dtype_t dtype = a->type.dtype == OB_UINT16 && b->type.dtype == OB_UINT16 ? OB_UINT32 : OB_INT32;
  ob_contrib_give(c, 0, OB_MAKE(c, "MatMul", ob_contrib_cast(c, a, dtype), ob_contrib_cast(c, b, dtype)));
}

ob_value_t *ob_contrib_axes(ob_contrib_t *c) {
  ob_value_t *axes = NULL;
  const ob_attribute_t *stated = ob_upgrade_find(&c->up, "axes");
  int64_t numbers[OB_MAX_RANK] = {0};
  if (!stated || stated->kind != OB_ATTRIBUTE_INTS || stated->count > OB_MAX_RANK)
    ob_contrib_fail(c, OB_INVALID_MODEL, "attribute 'axes' must be a list of integers");
  for (size_t i = 0; c->status == OB_OK && i < stated->count; i++) (void)ob_expr_is_const(stated->ints[i], &numbers[i]);
  if (c->status == OB_OK) axes = ob_contrib_list(c, numbers, stated->count);
  return axes;
}

void ob_contrib_reduce_sum_integer(ob_contrib_t *c) {
  ob_value_t *x = ob_contrib_need(c, 0), *axes = ob_contrib_axes(c);
  if (c->status != OB_OK) return;
  x = ob_contrib_cast(c, x, x->type.dtype == OB_UINT8 ? OB_UINT32 : OB_INT32);
  ob_contrib_with_own(c, "keepdims");
  ob_contrib_give(c, 0, OB_MAKE(c, "ReduceSum", x, axes));
}
