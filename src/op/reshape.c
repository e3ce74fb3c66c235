/* Reshape: the same elements under other sizes. */
#include "op/infer_util.h"

/* Factors of a product, so that equal ones cancel before anything is divided. */
typedef struct {
  ob_dim_t items[2 * OB_MAX_RANK];
  int32_t count;
} factors_t;

/* Takes `dim` out of the factors; false where it is none of them. */
static bool cancel(factors_t *factors, ob_dim_t dim) {
  for (int32_t i = 0; i < factors->count; i++)
    if (factors->items[i] && dim && ob_expr_equal(factors->items[i], dim)) {
      factors->items[i] = factors->items[--factors->count];
      return true;
    }
  return false;
}

static ob_dim_t product(ob_infer_t *infer, const factors_t *factors) {
  ob_dim_t result = ob_dim(infer, 1);
  for (int32_t i = 0; i < factors->count; i++) result = ob_dim_mul(infer, result, factors->items[i]);
  return result;
}

/* The sizes as asked for: 0 means the input's. Gives the place of -1, or -1. */
static int32_t read_target(ob_infer_t *infer, const ob_shape_t *data, const ob_content_t *target, ob_shape_t *shape) {
  bool allow_zero = ob_infer_int(infer, "allowzero", 0) != 0;
  int32_t open = -1;
  for (size_t i = 0; i < target->count; i++) {
    ob_dim_t size = target->items[i];
    int64_t number;
    if (ob_dim_is(size, 0) && !allow_zero) {
      if (data->rank >= 0 && i >= (size_t)data->rank)
        ob_infer_fail(infer, "element %zu of the shape is 0, but the input has only %d axes", i, data->rank);
      size = data->rank < 0 || infer->status != OB_OK ? NULL : data->dims[i];
    } else if (ob_dim_is(size, -1)) {
      if (open >= 0) ob_infer_fail(infer, "two elements of the shape are -1");
      open = (int32_t)i;
      size = NULL;
    } else if (ob_dim_is_const(size, &number) && number < 0) {
      ob_infer_fail(infer, "element %zu of the shape is %lld, expected -1 or more", i, (long long)number);
    }
    ob_shape_append(infer, shape, size);
  }
  return open;
}

/* Is the size given by an element of an input, which may well be 0 or -1 and mean something else? */
static bool is_given(const ob_expr_pool_t *pool, const ob_expr_t *expr) {
  if (expr->op == OB_EXPR_SYMBOL) return ob_expr_symbol_at(pool, (size_t)expr->value)->source == OB_SYMBOL_ELEMENT;
  for (uint32_t i = 0; i < expr->count; i++)
    if (is_given(pool, expr->args[i])) return true;
  return false;
}

static bool may_mean_other(const ob_infer_t *infer, const ob_content_t *target) {
  for (size_t i = 0; i < target->count; i++) {
    int64_t low, high;
    if (!target->items[i] || !is_given(infer->module->exprs, target->items[i])) continue;
    ob_expr_bounds(infer->module->exprs, target->items[i], &low, &high);
    if (low <= 0) return true;
  }
  return false;
}

/* Input and output have as many elements: this gives the size that was left open, or a condition. */
static void balance(ob_infer_t *infer, const ob_shape_t *data, ob_shape_t *shape, int32_t open) {
  factors_t from = {.count = 0}, to = {.count = 0};
  for (int32_t i = 0; i < data->rank; i++) from.items[from.count++] = data->dims[i];
  for (int32_t i = 0; i < shape->rank; i++)
    if (i != open && !cancel(&from, shape->dims[i])) to.items[to.count++] = shape->dims[i];
  ob_dim_t elements = product(infer, &from), rest = product(infer, &to);
  if (open < 0) {
    int64_t found, expected;
    if (ob_dim_is_const(elements, &found) && ob_dim_is_const(rest, &expected) && found != expected)
      ob_infer_fail(infer, "the input's sizes over the output's are %lld to %lld, expected as many elements in both",
                    (long long)found, (long long)expected);
    else if (elements && rest)
      ob_dim_require_equal(infer, elements, rest, "Reshape: number of elements");
    return;
  }
  if (ob_dim_is(rest, 1)) {
    shape->dims[open] = elements;
    return;
  }
  if (ob_dim_is(rest, 0)) {
    ob_infer_fail(infer, "a size of -1 can't be told where another one is 0");
    return;
  }
  int64_t whole, part;
  if (ob_dim_is_const(elements, &whole) && ob_dim_is_const(rest, &part) && whole % part != 0) {
    ob_infer_fail(infer, "a size of -1 does not come out even: %lld elements over %lld", (long long)whole, (long long)part);
    return;
  }
  shape->dims[open] = ob_dim_make(infer, OB_EXPR_EXACTDIV, elements, rest);
  if (shape->dims[open] && shape->dims[open]->op == OB_EXPR_EXACTDIV)
    ob_infer_guard(infer, ob_dim_make(infer, OB_EXPR_EQ, ob_dim_make(infer, OB_EXPR_MOD, elements, rest), ob_dim(infer, 0)),
                   "Reshape: -1 must come out even");
}

static ob_status_t infer(ob_infer_t *infer) {
  ob_shape_t data = ob_infer_shape(infer, 0), shape = ob_shape_of_rank(0);
  ob_content_t target;
  ob_infer_shape_of_rank(infer, 1, 1);
  if (!ob_infer_content(infer, 1, &target)) {
    int64_t length = ob_infer_length(infer, 1);
    shape = length < 0 || length > OB_MAX_RANK ? ob_shape_unknown() : ob_shape_of_rank((int32_t)length);
    return ob_infer_set(infer, 0, OB_UNDEFINED, &shape);
  }
  if (target.count <= OB_MAX_RANK && may_mean_other(infer, &target)) {
    shape = ob_shape_of_rank((int32_t)target.count);
    return ob_infer_set(infer, 0, OB_UNDEFINED, &shape);
  }
  int32_t open = read_target(infer, &data, &target, &shape);
  OB_TRY(infer->status);
  if (data.rank >= 0) balance(infer, &data, &shape, open);
  OB_TRY(ob_infer_set(infer, 0, OB_UNDEFINED, &shape));
  ob_infer_pass_content(infer);
  return infer->status;
}

const ob_op_t ob_op_Reshape = {
    .name = "Reshape",
    .domain = "",
    .since = 25,
    .flags = OB_OP_VIEW,
    OB_INPUTS(2, OB_PARAM("data", 'T', OB_TYPES_ANY), OB_PARAM("shape", 0, OB_TYPES_INT64)),
    OB_OUTPUTS(1, OB_PARAM("reshaped", 'T', OB_TYPES_ANY)),
    OB_ATTRIBUTES(OB_INT("allowzero", 0)),
    .infer = infer,
    .doc = "the same elements under other sizes",
};
