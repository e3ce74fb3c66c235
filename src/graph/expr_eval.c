/* Expressions as numbers: arithmetic that floors and checks, evaluation, bounds. */
#include "base/checked.h"
#include "graph/expr_internal.h"

static const char overflow[] = "64-bit overflow", zero_divisor[] = "division by zero";

static const char *divide(ob_expr_op_t op, int64_t a, int64_t b, int64_t *result) {
  if (b == 0) return zero_divisor;
  if (a == INT64_MIN && b == -1) return op == OB_EXPR_MOD ? (*result = 0, NULL) : overflow;
  int64_t quotient = a / b, rest = a % b;
  bool down = rest != 0 && (rest < 0) != (b < 0); /* C truncates: the floor is one lower */
  switch (op) {
    case OB_EXPR_FLOORDIV: *result = quotient - down; return NULL;
    case OB_EXPR_MOD: *result = down ? rest + b : rest; return NULL;
    case OB_EXPR_CEILDIV: *result = quotient + (rest != 0 && !down); return NULL;
    default: *result = quotient; return rest == 0 ? NULL : "a division that must come out even leaves a remainder";
  }
}

const char *ob_expr_apply(ob_expr_op_t op, int64_t a, int64_t b, int64_t *result) {
  switch (op) {
    case OB_EXPR_SUM: return ob_add_i64(a, b, result) ? NULL : overflow;
    case OB_EXPR_PRODUCT: return ob_mul_i64(a, b, result) ? NULL : overflow;
    case OB_EXPR_FLOORDIV:
    case OB_EXPR_MOD:
    case OB_EXPR_CEILDIV:
    case OB_EXPR_EXACTDIV: return divide(op, a, b, result);
    case OB_EXPR_MIN: *result = a < b ? a : b; return NULL;
    case OB_EXPR_MAX: *result = a > b ? a : b; return NULL;
    case OB_EXPR_EQ: *result = a == b; return NULL;
    case OB_EXPR_NE: *result = a != b; return NULL;
    case OB_EXPR_LT: *result = a < b; return NULL;
    case OB_EXPR_LE: *result = a <= b; return NULL;
    case OB_EXPR_AND: *result = a != 0 && b != 0; return NULL;
    case OB_EXPR_OR: *result = a != 0 || b != 0; return NULL;
    case OB_EXPR_NOT: *result = a == 0; return NULL;
    case OB_EXPR_BCAST: *result = a == 1 ? b : a; return a == b || a == 1 || b == 1 ? NULL : "sizes that do not broadcast";
    default: *result = 0; return "an operation that is none";
  }
}

/* NULL, or what is wrong. */
static const char *evaluate(const ob_expr_t *expr, const int64_t *symbols, int64_t *value) {
  const char *wrong;
  if (expr->op == OB_EXPR_CONST) return *value = expr->value, NULL;
  if (expr->op == OB_EXPR_SYMBOL) return *value = symbols[expr->value], NULL;
  if ((wrong = evaluate(expr->args[0], symbols, value))) return wrong;
  if (expr->op == OB_EXPR_SELECT) return evaluate(expr->args[*value != 0 ? 1 : 2], symbols, value);
  if (expr->op == OB_EXPR_NOT) return *value = *value == 0, NULL;
  for (uint32_t i = 1; i < expr->count; i++) {
    int64_t next;
    if ((wrong = evaluate(expr->args[i], symbols, &next))) return wrong;
    if ((wrong = ob_expr_apply(expr->op, *value, next, value))) return wrong;
  }
  return NULL;
}

ob_status_t ob_expr_eval(const ob_expr_t *expr, const int64_t *symbols, int64_t *value) {
  const char *wrong = evaluate(expr, symbols, value);
  return wrong ? ob_fail(OB_INVALID_ARGUMENT, "a symbolic size cannot be computed: %s", wrong) : OB_OK;
}

/* ---------------------------------------------------------------- bounds: INT64_MIN and INT64_MAX stand for infinities */

typedef struct interval {
  int64_t low, high;
} interval_t;
static const interval_t everything = {INT64_MIN, INT64_MAX};

static bool infinite(int64_t x) { return x == INT64_MIN || x == INT64_MAX; }

static int64_t saturate(__int128 x) {
  return x < INT64_MIN ? INT64_MIN : x > INT64_MAX ? INT64_MAX : (int64_t)x;
}

static interval_t bound_sum(interval_t a, interval_t b) {
  interval_t r;
  r.low = a.low == INT64_MIN || b.low == INT64_MIN ? INT64_MIN : saturate((__int128)a.low + b.low);
  r.high = a.high == INT64_MAX || b.high == INT64_MAX ? INT64_MAX : saturate((__int128)a.high + b.high);
  return r;
}

static int64_t times(int64_t a, int64_t b) {
  if (a == 0 || b == 0) return 0;
  if (infinite(a) || infinite(b)) return (a < 0) == (b < 0) ? INT64_MAX : INT64_MIN;
  return saturate((__int128)a * b);
}

static int64_t over(int64_t a, int64_t b, bool up) { /* b > 0 */
  int64_t r = 0;
  if (infinite(a)) return a;
  if (b == INT64_MAX) return up ? a > 0 : -(int64_t)(a < 0);
  (void)divide(up ? OB_EXPR_CEILDIV : OB_EXPR_FLOORDIV, a, b, &r); /* cannot fail: b > 0 */
  return r;
}

static interval_t hull4(int64_t a, int64_t b, int64_t c, int64_t d) {
  interval_t r = {a, a};
  const int64_t rest[] = {b, c, d};
  for (int i = 0; i < 3; i++) {
    if (rest[i] < r.low) r.low = rest[i];
    if (rest[i] > r.high) r.high = rest[i];
  }
  return r;
}

static interval_t bound_mod(interval_t a, interval_t b) {
  interval_t r = {0, b.high == INT64_MAX ? INT64_MAX : b.high - 1};
  if (b.low <= 0) return everything;
  if (a.low >= 0 && a.high < b.low) return a;
  if (a.low >= 0 && a.high < r.high) r.high = a.high;
  return r;
}

static interval_t bound_pair(ob_expr_op_t op, interval_t a, interval_t b) {
  switch (op) {
    case OB_EXPR_SUM: return bound_sum(a, b);
    case OB_EXPR_PRODUCT:
      return hull4(times(a.low, b.low), times(a.low, b.high), times(a.high, b.low), times(a.high, b.high));
    case OB_EXPR_FLOORDIV:
    case OB_EXPR_EXACTDIV:
    case OB_EXPR_CEILDIV: {
      bool up = op == OB_EXPR_CEILDIV;
      if (b.low <= 0) return everything;
      return hull4(over(a.low, b.low, up), over(a.low, b.high, up), over(a.high, b.low, up), over(a.high, b.high, up));
    }
    case OB_EXPR_MOD: return bound_mod(a, b);
    case OB_EXPR_MIN: return (interval_t){a.low < b.low ? a.low : b.low, a.high < b.high ? a.high : b.high};
    case OB_EXPR_MAX: return (interval_t){a.low > b.low ? a.low : b.low, a.high > b.high ? a.high : b.high};
    case OB_EXPR_BCAST: return hull4(a.low, a.high, b.low, b.high);
    default: return (interval_t){0, 1};
  }
}

/* A lower bound that is the largest number is no infinity: one less keeps the two apart; the other end likewise. */
static interval_t proper(interval_t a) {
  if (a.low == INT64_MAX) a.low--;
  if (a.high == INT64_MIN) a.high++;
  return a;
}

static interval_t bounds(const ob_expr_pool_t *pool, const ob_expr_t *expr) {
  if (expr->op == OB_EXPR_CONST) return proper((interval_t){expr->value, expr->value});
  if (expr->op == OB_EXPR_SYMBOL) {
    const ob_symbol_t *symbol = pool->symbols[expr->value];
    return proper((interval_t){symbol->min, symbol->max});
  }
  if (expr->op == OB_EXPR_NOT) return (interval_t){0, 1};
  bool select = expr->op == OB_EXPR_SELECT;
  interval_t r = bounds(pool, expr->args[select ? 1 : 0]);
  for (uint32_t i = select ? 2 : 1; i < expr->count; i++) {
    interval_t next = bounds(pool, expr->args[i]);
    r = proper(select ? hull4(r.low, r.high, next.low, next.high) : bound_pair(expr->op, r, next));
  }
  return r;
}

void ob_expr_bounds(const ob_expr_pool_t *pool, const ob_expr_t *expr, int64_t *low, int64_t *high) {
  interval_t r = bounds(pool, expr);
  *low = r.low;
  *high = r.high;
}
