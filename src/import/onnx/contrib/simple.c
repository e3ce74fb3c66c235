/* Operators that are nearly the standard ones of today. */
#include <string.h>

#include "import/onnx/contrib/contrib.h"

ob_value_t *ob_contrib_softmax(ob_contrib_t *c, ob_value_t *x, int64_t axis) {
  int64_t rank = ob_contrib_rank(c, x);
  if (axis < 0) axis += rank;
  if (axis == rank - 1 || c->status != OB_OK) {
    ob_contrib_with_int(c, "axis", -1);
    return OB_MAKE(c, "Softmax", x);
  }
  ob_contrib_with_int(c, "axis", axis);
  ob_value_t *flat = OB_MAKE(c, "Flatten", x), *shape = OB_MAKE(c, "Shape", x);
  ob_contrib_with_int(c, "axis", -1);
  flat = OB_MAKE(c, "Softmax", flat);
  ob_contrib_with_int(c, "allowzero", 1);
  return OB_MAKE(c, "Reshape", flat, shape);
}

void ob_contrib_bias_softmax(ob_contrib_t *c) {
  ob_value_t *sum = OB_MAKE(c, "Add", ob_contrib_need(c, 0), ob_contrib_need(c, 1));
  ob_contrib_give(c, 0, ob_contrib_softmax(c, sum, ob_contrib_int(c, "axis", 1)));
}

/* A dropout that is not training: what is dropped is nothing. */
void ob_contrib_bias_dropout(ob_contrib_t *c) {
  ob_value_t *sum = OB_MAKE(c, "Add", ob_contrib_need(c, 0), ob_contrib_need(c, 1)), *out[2];
  size_t count = ob_contrib_wants(c, 1) ? 2 : 1;
  ob_contrib_make_many(c, "Dropout", OB_VALUES(sum, ob_contrib_input(c, 3), ob_contrib_input(c, 4)), out, count);
  ob_contrib_give(c, 0, ob_contrib_add(c, out[0], ob_contrib_input(c, 2)));
  if (count == 2) ob_contrib_give(c, 1, out[1]);
}

void ob_contrib_bias_add(ob_contrib_t *c) {
  ob_value_t *sum = OB_MAKE(c, "Add", ob_contrib_need(c, 0), ob_contrib_need(c, 1));
  ob_contrib_give(c, 0, OB_MAKE(c, "Add", sum, ob_contrib_need(c, 2)));
}

/* alpha * x + beta */
void ob_contrib_affine(ob_contrib_t *c) {
  ob_value_t *x = ob_contrib_scale(c, ob_contrib_need(c, 0), (double)ob_contrib_float(c, "alpha", 1));
  if (c->status == OB_OK)
    ob_contrib_give(c, 0, OB_MAKE(c, "Add", x, ob_contrib_number(c, x, (double)ob_contrib_float(c, "beta", 0))));
}

/* alpha * tanh(beta * x) */
void ob_contrib_scaled_tanh(ob_contrib_t *c) {
  ob_value_t *x = ob_contrib_scale(c, ob_contrib_need(c, 0), (double)ob_contrib_float(c, "beta", 1));
  x = OB_MAKE(c, "Tanh", x);
  ob_contrib_give(c, 0, ob_contrib_scale(c, x, (double)ob_contrib_float(c, "alpha", 1)));
}

/* alpha * log(1 + exp(beta * x)) */
void ob_contrib_parametric_softplus(ob_contrib_t *c) {
  ob_value_t *x = ob_contrib_scale(c, ob_contrib_need(c, 0), (double)ob_contrib_float(c, "beta", 1));
  x = OB_MAKE(c, "Softplus", x);
  ob_contrib_give(c, 0, ob_contrib_scale(c, x, (double)ob_contrib_float(c, "alpha", 1)));
}

/* x * scale + bias of the channel */
void ob_contrib_image_scaler(ob_contrib_t *c) {
  const ob_attribute_t *bias = ob_upgrade_find(&c->up, "bias");
  ob_value_t *x = ob_contrib_scale(c, ob_contrib_need(c, 0), (double)ob_contrib_float(c, "scale", 1));
  ob_value_t *parts[OB_MAX_RANK * 2];
  if (bias && (bias->kind != OB_ATTRIBUTE_FLOATS || bias->count == 0 || bias->count > sizeof parts / sizeof *parts))
    ob_contrib_fail(c, OB_UNSUPPORTED, "attribute 'bias' must be a list of 1 to %zu floats", sizeof parts / sizeof *parts);
  for (size_t i = 0; c->status == OB_OK && bias && i < bias->count; i++)
    parts[i] = ob_contrib_unsqueeze(c, ob_contrib_number(c, x, (double)bias->floats[i]), 0);
  if (bias && c->status == OB_OK)
    x = OB_MAKE(c, "Add", x, OB_MAKE(c, "Unsqueeze", ob_contrib_join(c, parts, bias->count, 0), OB_LIST(c, 1, 2)));
  ob_contrib_give(c, 0, x);
}

/* A number of pixels. */
static int64_t read_size(ob_contrib_t *c, const ob_expr_t *expr) {
  int64_t size = -1;
  if (ob_expr_is_const(expr, &size) && size >= 0 && size <= INT32_MAX) return size;
  ob_contrib_fail(c, OB_INVALID_MODEL, "a border or scale of %lld pixels", (long long)size);
  return 0;
}

/* Takes a border off the last two axes: left, top, right, bottom; with a scale, that is the height and width of what stays. */
void ob_contrib_crop(ob_contrib_t *c) {
  const ob_attribute_t *border = ob_upgrade_find(&c->up, "border"), *scale = ob_upgrade_find(&c->up, "scale");
  int64_t b[4] = {0}, s[2] = {0};
  ob_value_t *x = ob_contrib_need(c, 0);
  if (!border || border->kind != OB_ATTRIBUTE_INTS || border->count != 4)
    ob_contrib_fail(c, OB_INVALID_MODEL, "attribute 'border' must have 4 elements");
  if (scale && (scale->kind != OB_ATTRIBUTE_INTS || scale->count != 2))
    ob_contrib_fail(c, OB_INVALID_MODEL, "attribute 'scale' must have 2 elements");
  for (size_t i = 0; c->status == OB_OK && i < 4; i++) b[i] = read_size(c, border->ints[i]);
  for (size_t i = 0; c->status == OB_OK && scale && i < 2; i++) s[i] = read_size(c, scale->ints[i]);
  ob_value_t *start = OB_LIST(c, b[1], b[0]), *end = scale ? OB_LIST(c, b[1] + s[0], b[0] + s[1]) : NULL;
  if (!scale) {
    ob_value_t *height = ob_contrib_dim(c, x, 2), *width = ob_contrib_dim(c, x, 3);
    end = OB_MAKE(c, "Sub", OB_JOIN(c, 0, height, width), OB_LIST(c, b[3], b[2]));
  }
  ob_contrib_give(c, 0, OB_MAKE(c, "Slice", x, start, end, OB_LIST(c, 2, 3)));
}
