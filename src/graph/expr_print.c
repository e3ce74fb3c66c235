/* Expressions as text. What is printed is read back as the same expression. */
#include <inttypes.h>

#include "graph/expr_internal.h"

static const char *const function_names[] = {
    [OB_EXPR_CEILDIV] = "ceildiv", [OB_EXPR_EXACTDIV] = "exactdiv", [OB_EXPR_MIN] = "min", [OB_EXPR_MAX] = "max",
    [OB_EXPR_SELECT] = "select",   [OB_EXPR_EQ] = "eq",             [OB_EXPR_NE] = "ne",   [OB_EXPR_LT] = "lt",
    [OB_EXPR_LE] = "le",           [OB_EXPR_AND] = "and",           [OB_EXPR_OR] = "or",   [OB_EXPR_NOT] = "not",
    [OB_EXPR_BCAST] = "bcast"};

static bool needs_parentheses(const ob_expr_t *e) {
  return e->op == OB_EXPR_SUM || e->op == OB_EXPR_PRODUCT || e->op == OB_EXPR_FLOORDIV || e->op == OB_EXPR_MOD;
}

static void print_factor(const ob_expr_pool_t *pool, const ob_expr_t *e, ob_str_t *out) {
  bool enclosed = needs_parentheses(e);
  if (enclosed) ob_str_append(out, "(");
  ob_expr_print(pool, e, out);
  if (enclosed) ob_str_append(out, ")");
}

/* A term of a sum; `negated` leaves its sign to the caller. */
static void print_term(const ob_expr_pool_t *pool, const ob_expr_t *e, bool negated, ob_str_t *out) {
  if (e->op == OB_EXPR_CONST) {
    if (negated) ob_str_printf(out, "%" PRIu64, (uint64_t)0 - (uint64_t)e->value);
    else ob_str_printf(out, "%" PRId64, e->value);
    return;
  }
  if (e->op != OB_EXPR_PRODUCT) {
    ob_expr_print(pool, e, out);
    return;
  }
  uint32_t i = e->args[0]->op == OB_EXPR_CONST;
  if (i > 0) {
    int64_t scale = e->args[0]->value;
    uint64_t magnitude = scale < 0 ? (uint64_t)0 - (uint64_t)scale : (uint64_t)scale;
    if (scale < 0 && !negated) ob_str_append(out, "-");
    /* "-(a + b)*(c + d)" would be read as the negated first sum times the second */
    if (magnitude != 1 || e->args[1]->op == OB_EXPR_SUM) ob_str_printf(out, "%" PRIu64 "*", magnitude);
  }
  for (uint32_t first = i; i < e->count; i++) {
    if (i > first) ob_str_append(out, "*");
    print_factor(pool, e->args[i], out);
  }
}

/* Can it be written as minus something? The smallest number has no positive twin. */
static bool is_negative(const ob_expr_t *e) {
  if (e->op == OB_EXPR_PRODUCT) e = e->args[0];
  return e->op == OB_EXPR_CONST && e->value < 0 && e->value != INT64_MIN;
}

static void print_sum(const ob_expr_pool_t *pool, const ob_expr_t *e, ob_str_t *out) {
  for (uint32_t i = 0; i < e->count; i++) {
    bool minus = i > 0 && is_negative(e->args[i]);
    if (i > 0) ob_str_append(out, minus ? " - " : " + ");
    print_term(pool, e->args[i], minus, out);
  }
}

void ob_expr_print(const ob_expr_pool_t *pool, const ob_expr_t *expr, ob_str_t *out) {
  switch (expr->op) {
    case OB_EXPR_CONST:
    case OB_EXPR_PRODUCT: print_term(pool, expr, false, out); return;
    case OB_EXPR_SYMBOL: ob_str_append(out, pool->symbols[expr->value]->name); return;
    case OB_EXPR_SUM: print_sum(pool, expr, out); return;
    case OB_EXPR_FLOORDIV:
    case OB_EXPR_MOD:
      print_factor(pool, expr->args[0], out);
      ob_str_append(out, expr->op == OB_EXPR_MOD ? " % " : "//");
      print_factor(pool, expr->args[1], out);
      return;
    default: break;
  }
  ob_str_printf(out, "%s(", function_names[expr->op]);
  for (uint32_t i = 0; i < expr->count; i++) {
    if (i > 0) ob_str_append(out, ", ");
    ob_expr_print(pool, expr->args[i], out);
  }
  ob_str_append(out, ")");
}

ob_status_t ob_expr_text(ob_expr_pool_t *pool, const ob_expr_t *expr, const char **text) {
  ob_str_t out;
  *text = NULL;
  ob_str_init(&out, pool->arena->allocator);
  ob_expr_print(pool, expr, &out);
  ob_status_t status = out.status;
  if (status == OB_OK) status = ob_arena_strndup(pool->arena, out.text, out.size, text);
  ob_str_free(&out);
  return status;
}
