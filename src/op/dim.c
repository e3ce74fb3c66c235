/* Arithmetic on sizes that may be unknown, for inference: a failure is kept, and what depends on it is not known. */
#include "op/infer_util.h"

#include <string.h>

ob_status_t ob_infer_fail(ob_infer_t *infer, const char *format, ...) {
  if (infer->status != OB_OK) return infer->status;
  va_list args;
  va_start(args, format);
  infer->status = ob_fail_v(OB_INVALID_MODEL, format, args);
  va_end(args);
  return infer->status;
}

/* Keeps a failure; gives the expression otherwise. */
static ob_dim_t keep(ob_infer_t *infer, ob_status_t status, const ob_dim_t *made) {
  if (status == OB_OK) return *made;
  infer->status = status;
  return NULL;
}

ob_dim_t ob_dim(ob_infer_t *infer, int64_t value) {
  ob_dim_t made = NULL;
  if (infer->status != OB_OK) return NULL;
  return keep(infer, ob_expr_const(infer->module->exprs, value, &made), &made);
}

ob_dim_t ob_dim_make(ob_infer_t *infer, ob_expr_op_t op, ob_dim_t a, ob_dim_t b) {
  ob_dim_t made = NULL;
  if (infer->status != OB_OK || !a || !b) return NULL;
  return keep(infer, ob_expr_binary(infer->module->exprs, op, a, b, &made), &made);
}

ob_dim_t ob_dim_add(ob_infer_t *infer, ob_dim_t a, ob_dim_t b) { return ob_dim_make(infer, OB_EXPR_SUM, a, b); }
ob_dim_t ob_dim_mul(ob_infer_t *infer, ob_dim_t a, ob_dim_t b) {
  if (ob_dim_is(a, 0)) return a; /* also where the other is not known */
  if (ob_dim_is(b, 0)) return b;
  return ob_dim_make(infer, OB_EXPR_PRODUCT, a, b);
}
ob_dim_t ob_dim_min(ob_infer_t *infer, ob_dim_t a, ob_dim_t b) { return ob_dim_make(infer, OB_EXPR_MIN, a, b); }
ob_dim_t ob_dim_max(ob_infer_t *infer, ob_dim_t a, ob_dim_t b) { return ob_dim_make(infer, OB_EXPR_MAX, a, b); }

ob_dim_t ob_dim_sub(ob_infer_t *infer, ob_dim_t a, ob_dim_t b) {
  ob_dim_t made = NULL;
  if (infer->status != OB_OK || !a || !b) return NULL;
  return keep(infer, ob_expr_sub(infer->module->exprs, a, b, &made), &made);
}

ob_dim_t ob_dim_not(ob_infer_t *infer, ob_dim_t a) {
  ob_dim_t made = NULL;
  if (infer->status != OB_OK || !a) return NULL;
  return keep(infer, ob_expr_make(infer->module->exprs, OB_EXPR_NOT, &a, 1, &made), &made);
}

ob_dim_t ob_dim_select(ob_infer_t *infer, ob_dim_t condition, ob_dim_t a, ob_dim_t b) {
  int64_t known;
  if (ob_dim_is_const(condition, &known)) return known ? a : b;
  ob_dim_t made = NULL, args[] = {condition, a, b};
  if (infer->status != OB_OK || !condition || !a || !b) return NULL;
  return keep(infer, ob_expr_make(infer->module->exprs, OB_EXPR_SELECT, args, 3, &made), &made);
}

ob_dim_t ob_dim_plus(ob_infer_t *infer, ob_dim_t a, int64_t n) { return n == 0 ? a : ob_dim_add(infer, a, ob_dim(infer, n)); }

ob_dim_t ob_dim_times(ob_infer_t *infer, ob_dim_t a, int64_t n) { return n == 1 ? a : ob_dim_mul(infer, a, ob_dim(infer, n)); }

bool ob_dim_is_const(ob_dim_t dim, int64_t *value) { return dim && ob_expr_is_const(dim, value); }

bool ob_dim_is(ob_dim_t dim, int64_t value) { return dim && ob_expr_is(dim, value); }

/* The quotient of two numbers towards zero is that of their sizes with their signs. */
ob_dim_t ob_dim_divide(ob_infer_t *infer, ob_dim_t a, ob_dim_t b) {
  int64_t low_a, high_a, low_b, high_b;
  if (!a || !b || infer->status != OB_OK) return NULL;
  if (ob_dim_is(b, 0)) {
    ob_infer_fail(infer, "division by zero");
    return NULL;
  }
  ob_expr_bounds(infer->module->exprs, a, &low_a, &high_a);
  ob_expr_bounds(infer->module->exprs, b, &low_b, &high_b);
  ob_dim_t floor = ob_dim_make(infer, OB_EXPR_FLOORDIV, a, b);
  bool same_sign = (low_a >= 0 && low_b >= 0) || (high_a <= 0 && high_b <= 0);
  if (same_sign) return floor;
  ob_dim_t zero = ob_dim(infer, 0);
  ob_dim_t other = ob_dim_sub(infer, zero, ob_dim_make(infer, OB_EXPR_FLOORDIV, ob_dim_sub(infer, zero, a), b));
  if (high_a <= 0 && low_b >= 0) return other;
  ob_dim_t differ =
      ob_dim_make(infer, OB_EXPR_NE, ob_dim_make(infer, OB_EXPR_LT, a, zero), ob_dim_make(infer, OB_EXPR_LT, b, zero));
  return ob_dim_select(infer, differ, other, floor);
}

ob_dim_t ob_dim_broadcast(ob_infer_t *infer, ob_dim_t a, ob_dim_t b) {
  int64_t known;
  if (ob_dim_is(a, 1)) return b;
  if (ob_dim_is(b, 1)) return a;
  if (!a && ob_dim_is_const(b, &known)) return b;
  if (!b && ob_dim_is_const(a, &known)) return a;
  return ob_dim_make(infer, OB_EXPR_BCAST, a, b);
}

ob_dim_t ob_dim_require_equal(ob_infer_t *infer, ob_dim_t a, ob_dim_t b, const char *what) {
  int64_t number_a, number_b;
  if (!a) return b;
  if (!b || ob_expr_equal(a, b)) return a;
  bool const_a = ob_dim_is_const(a, &number_a), const_b = ob_dim_is_const(b, &number_b);
  if (const_a && const_b) {
    ob_infer_fail(infer, "%s: %lld and %lld should be equal", what, (long long)number_a, (long long)number_b);
    return NULL;
  }
  ob_infer_guard(infer, ob_dim_make(infer, OB_EXPR_EQ, a, b), what);
  return const_b ? b : a;
}

/* The same guard of the same node is there: inference runs many times over a graph. */
static bool is_guarded(const ob_module_t *module, ob_dim_t condition, const char *node) {
  for (size_t i = 0; i < module->guards.count; i++)
    if (module->guards.items[i].expr == condition && strcmp(module->guards.items[i].node, node) == 0) return true;
  return false;
}

void ob_infer_guard(ob_infer_t *infer, ob_dim_t condition, const char *reason) {
  int64_t known;
  ob_module_t *module = infer->module;
  if (infer->status != OB_OK || !condition) return;
  if (ob_dim_is_const(condition, &known)) {
    if (!known) ob_infer_fail(infer, "%s", reason);
    return;
  }
  if (is_guarded(module, condition, infer->node->name)) return;
  ob_guard_t guard = {.expr = condition, .node = infer->node->name};
  infer->status = ob_arena_strdup(&module->arena, reason, &guard.reason);
  if (infer->status == OB_OK) infer->status = ob_array_push(module->allocator, &module->guards, guard);
}
