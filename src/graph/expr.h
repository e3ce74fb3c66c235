/* Symbolic integers: what a dimension or an integer attribute is. Immutable, canonical, hash-consed in a pool: two
 * equal expressions of one pool are one pointer in the common case. Everything is int64, checked.
 *
 * Text form (see docs/graph-json.md for the grammar): "N*(H//2 + 1)", "select(lt(n, 4), 1, n)". `//` and `%` floor. */
#ifndef OB_GRAPH_EXPR_H
#define OB_GRAPH_EXPR_H

#include "base/arena.h"
#include "base/str.h"

typedef enum ob_expr_op {
  OB_EXPR_CONST,
  OB_EXPR_SYMBOL,
  OB_EXPR_SUM,     /* args added up; canonical order; at most one constant, last */
  OB_EXPR_PRODUCT, /* args multiplied; at most one constant, first; no sum times a constant (distributed) */
  OB_EXPR_FLOORDIV,
  OB_EXPR_MOD,
  OB_EXPR_CEILDIV,
  OB_EXPR_EXACTDIV, /* an error where it leaves a remainder */
  OB_EXPR_MIN,
  OB_EXPR_MAX,
  OB_EXPR_SELECT, /* select(c, a, b): a where c is not 0; the other is not evaluated */
  OB_EXPR_EQ,
  OB_EXPR_NE,
  OB_EXPR_LT,
  OB_EXPR_LE,
  OB_EXPR_AND,
  OB_EXPR_OR,
  OB_EXPR_NOT,
  OB_EXPR_BCAST /* ONNX broadcasting of two dims: equal, or one of them is 1; else an error */
} ob_expr_op_t;

typedef struct ob_expr {
  ob_expr_op_t op;
  uint32_t count;                    /* of args */
  int64_t value;                     /* CONST: the number; SYMBOL: its index */
  const struct ob_expr *const *args;
  uint64_t hash;
} ob_expr_t;

/* Where a symbol's number comes from. */
typedef enum ob_symbol_source {
  OB_SYMBOL_DIM,     /* size of axis `index` of graph input `input` */
  OB_SYMBOL_ELEMENT, /* element `index` of the small integer graph input `input` */
  OB_SYMBOL_RUN,     /* known only after a data-dependent node has run (u_k) */
  OB_SYMBOL_FREE     /* given from outside: bodies of control flow, tests */
} ob_symbol_source_t;

typedef struct ob_symbol {
  const char *name; /* an identifier as the grammar has it; unique */
  ob_symbol_source_t source;
  uint32_t input, index;
  int64_t min, max;  /* inclusive; INT64_MIN and INT64_MAX when nothing is known */
  int64_t typical;   /* 0: none given */
  const ob_expr_t *expr;
} ob_symbol_t;

typedef struct ob_expr_pool ob_expr_pool_t;

/* Not thread-safe while it grows; evaluation of finished expressions is. Lives in `arena`, which stays where it is. */
OB_MUST_CHECK ob_status_t ob_expr_pool_create(ob_arena_t *arena, ob_expr_pool_t **pool);

/* Makes a symbol; min is 0 (of an ELEMENT: none) until the caller knows better. Bounds may be narrowed later, never widened:
 * expressions were simplified with them, so whoever binds numbers checks them. `name` is turned into an identifier (letters, digits, '_', '.'; else escaped) and made unique when taken. */
OB_MUST_CHECK ob_status_t ob_expr_symbol(ob_expr_pool_t *pool, const char *name, ob_symbol_source_t source, uint32_t input,
                                         uint32_t index, const ob_expr_t **expr);
/* A fresh u_k. */
OB_MUST_CHECK ob_status_t ob_expr_fresh(ob_expr_pool_t *pool, const ob_expr_t **expr);
size_t ob_expr_symbol_count(const ob_expr_pool_t *pool);
ob_symbol_t *ob_expr_symbol_at(const ob_expr_pool_t *pool, size_t index);
/* NULL when there is none of that name. */
ob_symbol_t *ob_expr_symbol_find(const ob_expr_pool_t *pool, const char *name);

OB_MUST_CHECK ob_status_t ob_expr_const(ob_expr_pool_t *pool, int64_t value, const ob_expr_t **expr);
/* Any operation, simplified. Simplification may turn an error into a number (x*y//y is x even where y is 0), never one number
 * into another; a bcast is never taken away. Errors: OB_INVALID_MODEL for overflow, division by zero, an inexact
 * exactdiv, a bcast that can't be; OB_UNSUPPORTED when the text would exceed 4096 bytes or 64 levels. */
OB_MUST_CHECK ob_status_t ob_expr_make(ob_expr_pool_t *pool, ob_expr_op_t op, const ob_expr_t *const *args, size_t count,
                                       const ob_expr_t **expr);
OB_MUST_CHECK ob_status_t ob_expr_binary(ob_expr_pool_t *pool, ob_expr_op_t op, const ob_expr_t *a, const ob_expr_t *b,
                                         const ob_expr_t **expr);
/* a + b, a - b, a * b */
OB_MUST_CHECK ob_status_t ob_expr_add(ob_expr_pool_t *pool, const ob_expr_t *a, const ob_expr_t *b, const ob_expr_t **expr);
OB_MUST_CHECK ob_status_t ob_expr_sub(ob_expr_pool_t *pool, const ob_expr_t *a, const ob_expr_t *b, const ob_expr_t **expr);
OB_MUST_CHECK ob_status_t ob_expr_mul(ob_expr_pool_t *pool, const ob_expr_t *a, const ob_expr_t *b, const ob_expr_t **expr);

/* True, and *value, for a constant. */
static inline bool ob_expr_is_const(const ob_expr_t *expr, int64_t *value) {
  if (expr->op != OB_EXPR_CONST) return false;
  *value = expr->value;
  return true;
}
static inline bool ob_expr_is(const ob_expr_t *expr, int64_t value) {
  return expr->op == OB_EXPR_CONST && expr->value == value;
}
/* True when the two are the same number whatever the symbols are (as far as the canonical form can tell). */
bool ob_expr_equal(const ob_expr_t *a, const ob_expr_t *b);
/* True when the expression holds a symbol of source OB_SYMBOL_RUN. */
bool ob_expr_is_run_time(const ob_expr_pool_t *pool, const ob_expr_t *expr);
/* Bounds that follow from the symbols' min and max; INT64_MIN / INT64_MAX when nothing is known. */
void ob_expr_bounds(const ob_expr_pool_t *pool, const ob_expr_t *expr, int64_t *low, int64_t *high);
/* The number under `symbols` (by index). Thread-safe, allocates nothing. Errors: OB_INVALID_ARGUMENT for overflow, a zero divisor, ... */
OB_MUST_CHECK ob_status_t ob_expr_eval(const ob_expr_t *expr, const int64_t *symbols, int64_t *value);
/* Marks in `used` (one bool a symbol) the symbols that occur. */
void ob_expr_symbols_used(const ob_expr_t *expr, bool *used);
/* The expression with symbol i replaced by replacements[i] where that is not NULL. */
OB_MUST_CHECK ob_status_t ob_expr_substitute(ob_expr_pool_t *pool, const ob_expr_t *expr, const ob_expr_t *const *replacements,
                                             const ob_expr_t **result);

void ob_expr_print(const ob_expr_pool_t *pool, const ob_expr_t *expr, ob_str_t *out);
/* The text, kept in the pool's arena. */
OB_MUST_CHECK ob_status_t ob_expr_text(ob_expr_pool_t *pool, const ob_expr_t *expr, const char **text);
/* Text of at most 4096 bytes, nested at most 64 deep, symbols that exist. Errors: `failure`, with the byte. */
OB_MUST_CHECK ob_status_t ob_expr_parse(ob_expr_pool_t *pool, const char *text, ob_status_t failure, const ob_expr_t **expr);

#endif
