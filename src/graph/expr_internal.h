/* What the files of symbolic expressions share: the pool's insides, interning, polynomials. */
#ifndef OB_GRAPH_EXPR_INTERNAL_H
#define OB_GRAPH_EXPR_INTERNAL_H

#include "graph/expr.h"

enum {
  OB_EXPR_MAX_TEXT = 4096,  /* bytes of text: bounds the work of every recursion over an expression */
  OB_EXPR_MAX_DEPTH = 64,   /* levels of nesting, in memory and as text */
  OB_EXPR_MAX_NAME = 64,    /* bytes of a symbol's name */
  OB_EXPR_MAX_EXPANDED = 64 /* terms up to which a product of sums is multiplied out */
};

/* An interned expression and what is known of its size. */
typedef struct ob_expr_cell {
  ob_expr_t expr; /* first: an ob_expr_t * is an ob_expr_cell_t * */
  uint32_t length; /* at least as large as the text */
  uint32_t depth;  /* of nested parentheses and calls in the text, at most */
} ob_expr_cell_t;

struct ob_expr_pool {
  ob_arena_t *arena;
  const ob_expr_t **table; /* open addressing; capacity a power of two */
  size_t count, capacity;
  ob_symbol_t **symbols;
  size_t symbol_count, symbol_capacity;
  uint32_t *names; /* symbol index + 1 by hash of the name; capacity name_capacity, a power of two */
  size_t name_capacity;
  uint64_t next_fresh;
  ob_arena_t scratch; /* for polynomials on their way; emptied when the outermost ob_expr_make() returns */
  unsigned nesting;
};

/* The one expression of that form; args are copied. No simplification. OB_UNSUPPORTED when it grows too large. */
OB_MUST_CHECK ob_status_t ob_expr_intern(ob_expr_pool_t *pool, ob_expr_op_t op, int64_t value, const ob_expr_t *const *args,
                                         size_t count, const ob_expr_t **expr);
/* A total order that depends on the form alone. */
int ob_expr_compare(const ob_expr_t *a, const ob_expr_t *b);

/* One operation on numbers (not SELECT). Returns NULL, or what is wrong in words. */
const char *ob_expr_apply(ob_expr_op_t op, int64_t a, int64_t b, int64_t *result);

/* A polynomial: terms in descending order of their monomials (degree, then the factors), no zero coefficients. */
typedef struct ob_term {
  int64_t coefficient;
  uint32_t count;
  const ob_expr_t *const *factors; /* ascending; none is a constant or product */
} ob_term_t;
typedef struct ob_poly {
  ob_term_t *terms;
  size_t count;
} ob_poly_t;

OB_MUST_CHECK ob_status_t ob_poly_from(ob_expr_pool_t *pool, const ob_expr_t *expr, ob_poly_t *poly);
OB_MUST_CHECK ob_status_t ob_poly_to(ob_expr_pool_t *pool, const ob_poly_t *poly, const ob_expr_t **expr);
/* a + factor * b */
OB_MUST_CHECK ob_status_t ob_poly_add(ob_expr_pool_t *pool, const ob_poly_t *a, const ob_poly_t *b, int64_t factor,
                                      ob_poly_t *sum);
OB_MUST_CHECK ob_status_t ob_poly_mul(ob_expr_pool_t *pool, const ob_poly_t *a, const ob_poly_t *b, ob_poly_t *product);
/* The product of all, multiplied out unless that makes too many terms. */
OB_MUST_CHECK ob_status_t ob_poly_product(ob_expr_pool_t *pool, const ob_expr_t *const *args, size_t count,
                                          const ob_expr_t **expr);
/* a / b where that is a polynomial with integer coefficients: *exact is set then. */
OB_MUST_CHECK ob_status_t ob_poly_divide(ob_expr_pool_t *pool, const ob_poly_t *a, const ob_poly_t *b, ob_poly_t *quotient,
                                         bool *exact);
/* Takes the factors, and the number, that all terms of both have in common out of both. *common is what was taken. */
OB_MUST_CHECK ob_status_t ob_poly_cancel(ob_expr_pool_t *pool, ob_poly_t *a, ob_poly_t *b, ob_term_t *common);
/* Largest common divisor of the coefficients of terms with factors; 0 when there are none. Never negative. */
int64_t ob_poly_content(const ob_poly_t *poly);
/* The constant term. */
int64_t ob_poly_constant(const ob_poly_t *poly);

/* Divisions, simplified: FLOORDIV, MOD, CEILDIV, EXACTDIV. */
OB_MUST_CHECK ob_status_t ob_expr_divide(ob_expr_pool_t *pool, ob_expr_op_t op, const ob_expr_t *a, const ob_expr_t *b,
                                         const ob_expr_t **expr);

#endif
