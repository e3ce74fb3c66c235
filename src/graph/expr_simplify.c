/* Making expressions: every operation comes out in its canonical, simplified form. The rules of expr_divide.c on errors hold here. */
#include <stdlib.h>
#include <string.h>

#include "base/checked.h"
#include "graph/expr_internal.h"

enum { MAX_PAIRS = 16 }; /* min and max of more arguments are not compared with each other */

static bool is_boolean(const ob_expr_t *e) {
  return (e->op >= OB_EXPR_EQ && e->op <= OB_EXPR_NOT) || ob_expr_is(e, 0) || ob_expr_is(e, 1);
}

/* Bounds of a - b. */
static ob_status_t difference(ob_expr_pool_t *pool, const ob_expr_t *a, const ob_expr_t *b, int64_t *low, int64_t *high) {
  const ob_expr_t *d;
  *low = INT64_MIN, *high = INT64_MAX;
  ob_status_t status = ob_expr_sub(pool, a, b, &d);
  if (status == OB_OUT_OF_MEMORY) return status;
  if (status == OB_OK) ob_expr_bounds(pool, d, low, high);
  return OB_OK; /* an overflow: nothing is known */
}

static ob_status_t make_sum(ob_expr_pool_t *pool, const ob_expr_t *const *args, size_t count, const ob_expr_t **expr) {
  ob_poly_t sum, next;
  OB_TRY(ob_poly_from(pool, args[0], &sum));
  for (size_t i = 1; i < count; i++) {
    OB_TRY(ob_poly_from(pool, args[i], &next));
    OB_TRY(ob_poly_add(pool, &sum, &next, 1, &sum));
  }
  return ob_poly_to(pool, &sum, expr);
}

/* ---------------------------------------------------------------- operations on sets: min, max, and, or */

static int compare(const void *a, const void *b) {
  return ob_expr_compare(*(const ob_expr_t *const *)a, *(const ob_expr_t *const *)b);
}

/* Arguments of the same operation are taken apart; sorted, without repetition. */
static ob_status_t flatten(ob_expr_pool_t *pool, ob_expr_op_t op, const ob_expr_t *const *args, size_t count,
                           const ob_expr_t ***flat, size_t *flat_count) {
  size_t n = 0, kept = 0;
  for (size_t i = 0; i < count; i++) n += args[i]->op == op ? args[i]->count : 1;
  OB_TRY(OB_ARENA_ARRAY(&pool->scratch, n, flat));
  n = 0;
  for (size_t i = 0; i < count; i++) {
    bool inner = args[i]->op == op;
    memcpy(*flat + n, inner ? args[i]->args : &args[i], (inner ? args[i]->count : 1) * sizeof **flat);
    n += inner ? args[i]->count : 1;
  }
  qsort(*flat, n, sizeof **flat, compare);
  for (size_t i = 0; i < n; i++)
    if (i == 0 || (*flat)[i] != (*flat)[i - 1]) (*flat)[kept++] = (*flat)[i];
  *flat_count = kept;
  return OB_OK;
}

/* Drops arguments of min or max that another one always beats. */
static ob_status_t drop_beaten(ob_expr_pool_t *pool, ob_expr_op_t op, const ob_expr_t **args, size_t *count) {
  bool beaten[MAX_PAIRS] = {false};
  size_t kept = 0;
  for (size_t i = 0; i < *count; i++)
    for (size_t k = 0; k < *count && !beaten[i]; k++) {
      int64_t low, high;
      if (k == i || beaten[k]) continue;
      OB_TRY(difference(pool, args[i], args[k], &low, &high));
      beaten[i] = op == OB_EXPR_MIN ? low >= 0 : high <= 0;
    }
  for (size_t i = 0; i < *count; i++)
    if (!beaten[i]) args[kept++] = args[i];
  *count = kept;
  return OB_OK;
}

/* The constants, which sort first, become one, last. */
static void fold_constants(ob_expr_op_t op, const ob_expr_t **args, size_t *count) {
  size_t n = 0;
  while (n < *count && args[n]->op == OB_EXPR_CONST) n++;
  if (n == 0) return;
  const ob_expr_t *best = args[op == OB_EXPR_MIN ? 0 : n - 1]; /* constants sort by value */
  memmove(args, args + n, (*count - n) * sizeof *args);
  *count -= n;
  args[(*count)++] = best;
  int64_t value = best->value;
  if (*count > 1 && (op == OB_EXPR_MIN ? value == INT64_MAX : value == INT64_MIN)) --*count;
}

static ob_status_t make_extreme(ob_expr_pool_t *pool, ob_expr_op_t op, const ob_expr_t *const *args, size_t count,
                                const ob_expr_t **expr) {
  const ob_expr_t **flat;
  OB_TRY(flatten(pool, op, args, count, &flat, &count));
  fold_constants(op, flat, &count);
  if (count <= MAX_PAIRS) OB_TRY(drop_beaten(pool, op, flat, &count));
  if (count == 1) return *expr = flat[0], OB_OK;
  return ob_expr_intern(pool, op, 0, flat, count, expr);
}

/* A truth value: 0 or 1. */
static ob_status_t as_boolean(ob_expr_pool_t *pool, const ob_expr_t *e, const ob_expr_t **expr) {
  const ob_expr_t *zero;
  *expr = e;
  if (is_boolean(e)) return OB_OK;
  OB_TRY(ob_expr_const(pool, 0, &zero));
  return ob_expr_binary(pool, OB_EXPR_NE, e, zero, expr);
}

static ob_status_t make_logic(ob_expr_pool_t *pool, ob_expr_op_t op, const ob_expr_t *const *args, size_t count,
                              const ob_expr_t **expr) {
  const ob_expr_t **truths, **flat;
  size_t kept = 0;
  OB_TRY(OB_ARENA_ARRAY(&pool->scratch, count, &truths));
  for (size_t i = 0; i < count; i++) OB_TRY(as_boolean(pool, args[i], &truths[i]));
  OB_TRY(flatten(pool, op, truths, count, &flat, &count));
  for (size_t i = 0; i < count; i++) {
    if (ob_expr_is(flat[i], op == OB_EXPR_OR)) return *expr = flat[i], OB_OK; /* decides */
    if (flat[i]->op != OB_EXPR_CONST) flat[kept++] = flat[i];
  }
  if (kept == 0) return ob_expr_const(pool, op == OB_EXPR_AND, expr);
  if (kept == 1) return *expr = flat[0], OB_OK;
  return ob_expr_intern(pool, op, 0, flat, kept, expr);
}

/* ---------------------------------------------------------------- the rest */

static ob_status_t make_comparison(ob_expr_pool_t *pool, ob_expr_op_t op, const ob_expr_t *a, const ob_expr_t *b,
                                   const ob_expr_t **expr) {
  int64_t low, high;
  bool equality = op == OB_EXPR_EQ || op == OB_EXPR_NE;
  if (equality && b->op != OB_EXPR_CONST && (a->op == OB_EXPR_CONST || ob_expr_compare(a, b) > 0)) {
    const ob_expr_t *t = a;
    a = b;
    b = t;
  }
  OB_TRY(difference(pool, a, b, &low, &high));
  if (equality && (low > 0 || high < 0)) return ob_expr_const(pool, op == OB_EXPR_NE, expr);
  if (equality && low == 0 && high == 0) return ob_expr_const(pool, op == OB_EXPR_EQ, expr);
  if (!equality && (op == OB_EXPR_LT ? high < 0 : high <= 0)) return ob_expr_const(pool, 1, expr);
  if (!equality && (op == OB_EXPR_LT ? low >= 0 : low > 0)) return ob_expr_const(pool, 0, expr);
  if (op == OB_EXPR_NE && ob_expr_is(b, 0) && is_boolean(a)) return *expr = a, OB_OK;
  const ob_expr_t *const args[] = {a, b};
  return ob_expr_intern(pool, op, 0, args, 2, expr);
}

static ob_status_t make_not(ob_expr_pool_t *pool, const ob_expr_t *a, const ob_expr_t **expr) {
  static const struct {
    ob_expr_op_t op, negated;
    bool swap;
  } rules[] = {{OB_EXPR_EQ, OB_EXPR_NE, false},
               {OB_EXPR_NE, OB_EXPR_EQ, false},
               {OB_EXPR_LT, OB_EXPR_LE, true},
               {OB_EXPR_LE, OB_EXPR_LT, true}};
  const ob_expr_t *zero;
  if (a->op == OB_EXPR_NOT) return as_boolean(pool, a->args[0], expr);
  for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
    if (a->op == rules[i].op)
      return make_comparison(pool, rules[i].negated, a->args[rules[i].swap], a->args[!rules[i].swap], expr);
  if (a->op == OB_EXPR_AND || a->op == OB_EXPR_OR) return ob_expr_intern(pool, OB_EXPR_NOT, 0, &a, 1, expr);
  OB_TRY(ob_expr_const(pool, 0, &zero));
  return make_comparison(pool, OB_EXPR_EQ, a, zero, expr);
}

static ob_status_t make_select(ob_expr_pool_t *pool, const ob_expr_t *const *args, const ob_expr_t **expr) {
  const ob_expr_t *condition;
  OB_TRY(as_boolean(pool, args[0], &condition));
  if (condition->op == OB_EXPR_CONST) return *expr = args[condition->value != 0 ? 1 : 2], OB_OK;
  if (args[1] == args[2]) return *expr = args[1], OB_OK;
  if (ob_expr_is(args[1], 1) && ob_expr_is(args[2], 0)) return *expr = condition, OB_OK;
  const ob_expr_t *const form[] = {condition, args[1], args[2]};
  return ob_expr_intern(pool, OB_EXPR_SELECT, 0, form, 3, expr);
}

static ob_status_t make_bcast(ob_expr_pool_t *pool, const ob_expr_t *a, const ob_expr_t *b, const ob_expr_t **expr) {
  if (a == b || ob_expr_is(b, 1)) return *expr = a, OB_OK;
  if (ob_expr_is(a, 1)) return *expr = b, OB_OK;
  if (a->op == OB_EXPR_CONST && b->op == OB_EXPR_CONST)
    return ob_fail(OB_INVALID_MODEL, "sizes %lld and %lld do not broadcast", (long long)a->value, (long long)b->value);
  /* bcast(n, 8) can only be 8, but stays: evaluating it is what tells a caller who passes 5, before a kernel reads past the end */
  /* bcast(bcast(a, b), b) */
  if (a->op == OB_EXPR_BCAST && (a->args[0] == b || a->args[1] == b)) return *expr = a, OB_OK;
  if (b->op == OB_EXPR_BCAST && (b->args[0] == a || b->args[1] == a)) return *expr = b, OB_OK;
  const ob_expr_t *const ordered[] = {a, b}, *const swapped[] = {b, a};
  return ob_expr_intern(pool, OB_EXPR_BCAST, 0, ob_expr_compare(a, b) > 0 ? swapped : ordered, 2, expr);
}

static bool takes(ob_expr_op_t op, size_t count) {
  switch (op) {
    case OB_EXPR_CONST:
    case OB_EXPR_SYMBOL: return false;
    case OB_EXPR_NOT: return count == 1;
    case OB_EXPR_SELECT: return count == 3;
    case OB_EXPR_SUM:
    case OB_EXPR_PRODUCT:
    case OB_EXPR_MIN:
    case OB_EXPR_MAX:
    case OB_EXPR_AND:
    case OB_EXPR_OR: return count >= 1;
    default: return count == 2;
  }
}

static ob_status_t make(ob_expr_pool_t *pool, ob_expr_op_t op, const ob_expr_t *const *args, size_t count,
                        const ob_expr_t **expr) {
  if (!takes(op, count)) return ob_fail(OB_INTERNAL, "expression operation %d of %zu arguments", (int)op, count);
  switch (op) {
    case OB_EXPR_SUM: return make_sum(pool, args, count, expr);
    case OB_EXPR_PRODUCT: return ob_poly_product(pool, args, count, expr);
    case OB_EXPR_FLOORDIV:
    case OB_EXPR_MOD:
    case OB_EXPR_CEILDIV:
    case OB_EXPR_EXACTDIV: return ob_expr_divide(pool, op, args[0], args[1], expr);
    case OB_EXPR_MIN:
    case OB_EXPR_MAX: return make_extreme(pool, op, args, count, expr);
    case OB_EXPR_AND:
    case OB_EXPR_OR: return make_logic(pool, op, args, count, expr);
    case OB_EXPR_NOT: return make_not(pool, args[0], expr);
    case OB_EXPR_SELECT: return make_select(pool, args, expr);
    case OB_EXPR_BCAST: return make_bcast(pool, args[0], args[1], expr);
    default: return make_comparison(pool, op, args[0], args[1], expr);
  }
}

ob_status_t ob_expr_make(ob_expr_pool_t *pool, ob_expr_op_t op, const ob_expr_t *const *args, size_t count,
                         const ob_expr_t **expr) {
  int64_t value;
  bool numbers = count == 2 && op != OB_EXPR_SELECT && args[0]->op == OB_EXPR_CONST && args[1]->op == OB_EXPR_CONST;
  if (numbers && !ob_expr_apply(op, args[0]->value, args[1]->value, &value)) return ob_expr_const(pool, value, expr);
  pool->nesting++;
  ob_status_t status = make(pool, op, args, count, expr);
  if (--pool->nesting == 0) ob_arena_free(&pool->scratch);
  return status;
}

ob_status_t ob_expr_binary(ob_expr_pool_t *pool, ob_expr_op_t op, const ob_expr_t *a, const ob_expr_t *b,
                           const ob_expr_t **expr) {
  const ob_expr_t *const args[] = {a, b};
  return ob_expr_make(pool, op, args, 2, expr);
}

ob_status_t ob_expr_add(ob_expr_pool_t *pool, const ob_expr_t *a, const ob_expr_t *b, const ob_expr_t **expr) {
  return ob_expr_binary(pool, OB_EXPR_SUM, a, b, expr);
}

ob_status_t ob_expr_mul(ob_expr_pool_t *pool, const ob_expr_t *a, const ob_expr_t *b, const ob_expr_t **expr) {
  return ob_expr_binary(pool, OB_EXPR_PRODUCT, a, b, expr);
}

ob_status_t ob_expr_sub(ob_expr_pool_t *pool, const ob_expr_t *a, const ob_expr_t *b, const ob_expr_t **expr) {
  const ob_expr_t *minus_one, *negated;
  int64_t value;
  if (a->op == OB_EXPR_CONST && b->op == OB_EXPR_CONST && ob_sub_i64(a->value, b->value, &value))
    return ob_expr_const(pool, value, expr);
  OB_TRY(ob_expr_const(pool, -1, &minus_one));
  OB_TRY(ob_expr_mul(pool, b, minus_one, &negated));
  return ob_expr_add(pool, a, negated, expr);
}
