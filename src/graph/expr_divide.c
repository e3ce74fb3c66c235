/* Simplification of the four divisions.
 *
 * Everywhere a simplification may turn an error into a number (x*y//y is x, although y could be 0), but never the other way
 * round, and never one number into another. */
#include "base/checked.h"
#include "graph/expr_internal.h"

static ob_status_t constants(ob_expr_pool_t *pool, ob_expr_op_t op, int64_t a, int64_t b, const ob_expr_t **expr) {
  int64_t value;
  const char *wrong = ob_expr_apply(op, a, b, &value);
  if (wrong) return ob_fail(OB_INVALID_MODEL, "a symbolic size: %s", wrong);
  return ob_expr_const(pool, value, expr);
}

static ob_status_t plain(ob_expr_pool_t *pool, ob_expr_op_t op, const ob_expr_t *a, const ob_expr_t *b, const ob_expr_t **expr) {
  const ob_expr_t *const args[] = {a, b};
  return ob_expr_intern(pool, op, 0, args, 2, expr);
}

/* Splits a into divisor * whole + rest, where the coefficients of rest are those that the divisor does not divide (all reduced
 * when `reduce`), and its constant lies in [0, divisor). */
static ob_status_t split(ob_expr_pool_t *pool, const ob_poly_t *a, int64_t divisor, bool reduce, ob_poly_t *whole,
                         ob_poly_t *rest) {
  *whole = *rest = (ob_poly_t){0};
  OB_TRY(OB_ARENA_ARRAY(pool->arena, a->count, &whole->terms));
  OB_TRY(OB_ARENA_ARRAY(pool->arena, a->count, &rest->terms));
  for (size_t i = 0; i < a->count; i++) {
    ob_term_t high = a->terms[i], low = a->terms[i];
    (void)ob_expr_apply(OB_EXPR_FLOORDIV, a->terms[i].coefficient, divisor, &high.coefficient); /* divisor > 1 */
    (void)ob_expr_apply(OB_EXPR_MOD, a->terms[i].coefficient, divisor, &low.coefficient);
    if (!reduce && low.count > 0 && low.coefficient != 0) {
      high.coefficient = 0;
      low.coefficient = a->terms[i].coefficient;
    }
    if (high.coefficient != 0) whole->terms[whole->count++] = high;
    if (low.coefficient != 0) rest->terms[rest->count++] = low;
  }
  return OB_OK;
}

static int64_t gcd(int64_t a, int64_t b) {
  while (b != 0) {
    int64_t t = a % b;
    a = b;
    b = t;
  }
  return a;
}

/* x // d for d > 1 and x without whole multiples of d. */
static ob_status_t floor_rest(ob_expr_pool_t *pool, ob_poly_t *x, int64_t d, const ob_expr_t **expr) {
  const ob_expr_t *inner, *divisor;
  int64_t g = gcd(d, ob_poly_content(x)), low, high;
  for (size_t i = 0; g > 1 && i < x->count; i++) /* (g*y + k) // (g*e) = (y + k//g) // e */
    (void)ob_expr_apply(OB_EXPR_FLOORDIV, x->terms[i].coefficient, g, &x->terms[i].coefficient);
  while (x->count > 0 && x->terms[x->count - 1].coefficient == 0) x->count--;
  OB_TRY(ob_poly_to(pool, x, &inner));
  OB_TRY(ob_expr_const(pool, d / g, &divisor));
  if (g > 1) return ob_expr_divide(pool, OB_EXPR_FLOORDIV, inner, divisor, expr);
  ob_expr_bounds(pool, inner, &low, &high);
  if (low >= 0 && high < d) return ob_expr_const(pool, 0, expr);
  return plain(pool, OB_EXPR_FLOORDIV, inner, divisor, expr);
}

/* (y//a + k) // d = (y + a*k) // (a*d) for constants a, d > 0: chains of strided layers become one division. */
static ob_status_t merge_nested(ob_expr_pool_t *pool, const ob_poly_t *x, int64_t d, bool *merged, const ob_expr_t **expr) {
  int64_t a, k = ob_poly_constant(x), product, scaled;
  *merged = false;
  if (x->count == 0 || x->count > (k != 0 ? 2u : 1u)) return OB_OK;
  const ob_term_t *term = &x->terms[0];
  if (term->coefficient != 1 || term->count != 1 || term->factors[0]->op != OB_EXPR_FLOORDIV) return OB_OK;
  const ob_expr_t *nested = term->factors[0], *shift, *sum, *divisor;
  if (!ob_expr_is_const(nested->args[1], &a) || a <= 0) return OB_OK;
  if (!ob_mul_i64(a, d, &product) || !ob_mul_i64(a, k, &scaled)) return OB_OK;
  OB_TRY(ob_expr_const(pool, scaled, &shift));
  OB_TRY(ob_expr_add(pool, nested->args[0], shift, &sum));
  OB_TRY(ob_expr_const(pool, product, &divisor));
  *merged = true;
  return ob_expr_divide(pool, OB_EXPR_FLOORDIV, sum, divisor, expr);
}

static ob_status_t floor_by_constant(ob_expr_pool_t *pool, const ob_poly_t *a, int64_t d, const ob_expr_t **expr) {
  ob_poly_t whole, rest;
  const ob_expr_t *left, *right;
  bool merged;
  OB_TRY(merge_nested(pool, a, d, &merged, expr));
  if (merged) return OB_OK;
  OB_TRY(split(pool, a, d, false, &whole, &rest));
  if (whole.count > 0) {
    OB_TRY(ob_poly_to(pool, &rest, &right));
    OB_TRY(ob_expr_const(pool, d, &left));
    OB_TRY(ob_expr_divide(pool, OB_EXPR_FLOORDIV, right, left, &right));
    OB_TRY(ob_poly_to(pool, &whole, &left));
    return ob_expr_add(pool, left, right, expr);
  }
  return floor_rest(pool, &rest, d, expr);
}

static ob_status_t mod_by_constant(ob_expr_pool_t *pool, const ob_poly_t *a, int64_t d, const ob_expr_t **expr) {
  ob_poly_t whole, rest;
  const ob_expr_t *inner, *divisor;
  int64_t low, high;
  OB_TRY(split(pool, a, d, true, &whole, &rest));
  OB_TRY(ob_poly_to(pool, &rest, &inner));
  ob_expr_bounds(pool, inner, &low, &high);
  if (low >= 0 && high < d) return *expr = inner, OB_OK;
  OB_TRY(ob_expr_const(pool, d, &divisor));
  return plain(pool, OB_EXPR_MOD, inner, divisor, expr);
}

/* a // b and a % b for 0 <= a < b; *expr is NULL when the bounds do not say so. */
static ob_status_t by_bounds(ob_expr_pool_t *pool, ob_expr_op_t op, const ob_expr_t *a, const ob_expr_t *b,
                             const ob_expr_t **expr) {
  int64_t low, high, right_low, right_high;
  *expr = NULL;
  ob_expr_bounds(pool, a, &low, &high);
  ob_expr_bounds(pool, b, &right_low, &right_high);
  if (low < 0 || high >= right_low || high == INT64_MAX) return OB_OK;
  if (op == OB_EXPR_FLOORDIV) return ob_expr_const(pool, 0, expr);
  if (op == OB_EXPR_MOD) *expr = a;
  return OB_OK;
}

/* What is left after common factors are out: a and b without them. */
static ob_status_t divide_reduced(ob_expr_pool_t *pool, ob_expr_op_t op, const ob_poly_t *a, const ob_poly_t *b,
                                  const ob_expr_t **expr) {
  const ob_expr_t *left, *right, *sum;
  int64_t d, low, high;
  OB_TRY(ob_poly_to(pool, a, &left));
  OB_TRY(ob_poly_to(pool, b, &right));
  bool constant = ob_expr_is_const(right, &d);
  if (constant && left->op == OB_EXPR_CONST) return constants(pool, op, left->value, d, expr);
  if (constant && d == 1 && op == OB_EXPR_MOD) return ob_expr_const(pool, 0, expr);
  if (constant && d == 1) return *expr = left, OB_OK;
  if (constant && d > 1 && op == OB_EXPR_FLOORDIV) return floor_by_constant(pool, a, d, expr);
  if (constant && d > 1 && op == OB_EXPR_MOD) return mod_by_constant(pool, a, d, expr);
  OB_TRY(by_bounds(pool, op, left, right, expr));
  if (*expr) return OB_OK;
  ob_expr_bounds(pool, right, &low, &high);
  if (op == OB_EXPR_CEILDIV && low > 0) { /* one form for both: (a + b - 1) // b */
    const ob_expr_t *minus_one;
    OB_TRY(ob_expr_const(pool, -1, &minus_one));
    OB_TRY(ob_expr_add(pool, left, right, &sum));
    OB_TRY(ob_expr_add(pool, sum, minus_one, &sum));
    return ob_expr_divide(pool, OB_EXPR_FLOORDIV, sum, right, expr);
  }
  return plain(pool, op, left, right, expr);
}

/* (g*a) % (g*b) = g * (a % b): *expr times what was cancelled. */
static ob_status_t scale(ob_expr_pool_t *pool, ob_term_t *common, const ob_expr_t **expr) {
  const ob_poly_t poly = {.terms = common, .count = 1};
  const ob_expr_t *factor;
  OB_TRY(ob_poly_to(pool, &poly, &factor));
  return ob_expr_mul(pool, factor, *expr, expr);
}

ob_status_t ob_expr_divide(ob_expr_pool_t *pool, ob_expr_op_t op, const ob_expr_t *a, const ob_expr_t *b,
                           const ob_expr_t **expr) {
  ob_poly_t left, right, quotient;
  ob_term_t common;
  bool exact = false;
  if (ob_expr_is(b, 0)) return ob_fail(OB_INVALID_MODEL, "a symbolic size: division by zero");
  if (a->op == OB_EXPR_CONST && b->op == OB_EXPR_CONST) return constants(pool, op, a->value, b->value, expr);
  OB_TRY(ob_poly_from(pool, a, &left));
  OB_TRY(ob_poly_from(pool, b, &right));
  OB_TRY(ob_poly_divide(pool, &left, &right, &quotient, &exact));
  if (exact) return op == OB_EXPR_MOD ? ob_expr_const(pool, 0, expr) : ob_poly_to(pool, &quotient, expr);
  OB_TRY(ob_poly_cancel(pool, &left, &right, &common));
  if (common.coefficient == 1 && common.count == 0) return divide_reduced(pool, op, &left, &right, expr);
  const ob_expr_t *dividend, *divisor;
  OB_TRY(ob_poly_to(pool, &left, &dividend));
  OB_TRY(ob_poly_to(pool, &right, &divisor));
  OB_TRY(ob_expr_divide(pool, op, dividend, divisor, expr));
  return op == OB_EXPR_MOD ? scale(pool, &common, expr) : OB_OK;
}
