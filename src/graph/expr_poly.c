/* Polynomials over expressions: the normal form of sums and products, and exact division of one by another. */
#include <stdlib.h>
#include <string.h>

#include "base/checked.h"
#include "graph/expr_internal.h"

enum { MAX_DIVISION_STEPS = 256 };

static ob_status_t overflow(void) { return ob_fail(OB_INVALID_MODEL, "64-bit overflow in a symbolic size"); }

/* ---------------------------------------------------------------- terms */

/* Descending order of monomials: higher degree first, then the one with more of the earlier factors. */
static int compare_terms(const ob_term_t *a, const ob_term_t *b) {
  if (a->count != b->count) return a->count > b->count ? -1 : 1;
  for (uint32_t i = 0; i < a->count; i++) {
    int order = ob_expr_compare(a->factors[i], b->factors[i]);
    if (order != 0) return order;
  }
  return 0;
}

static int compare_factors(const void *a, const void *b) {
  return ob_expr_compare(*(const ob_expr_t *const *)a, *(const ob_expr_t *const *)b);
}

static ob_status_t multiply_terms(ob_expr_pool_t *pool, const ob_term_t *a, const ob_term_t *b, ob_term_t *product) {
  const ob_expr_t **factors;
  if (!ob_mul_i64(a->coefficient, b->coefficient, &product->coefficient)) return overflow();
  OB_TRY(OB_ARENA_ARRAY(&pool->scratch, a->count + b->count, &factors));
  if (a->count > 0) memcpy(factors, a->factors, a->count * sizeof *factors);
  if (b->count > 0) memcpy(factors + a->count, b->factors, b->count * sizeof *factors);
  product->count = a->count + b->count;
  qsort(factors, product->count, sizeof *factors, compare_factors);
  product->factors = factors;
  return OB_OK;
}

/* a / b for monomials with coefficients; false when it does not come out even. */
static ob_status_t divide_terms(ob_expr_pool_t *pool, const ob_term_t *a, const ob_term_t *b, ob_term_t *quotient, bool *even) {
  const ob_expr_t **factors;
  uint32_t k = 0, n = 0;
  *even = false;
  if (b->count > a->count) return OB_OK;
  if (ob_expr_apply(OB_EXPR_EXACTDIV, a->coefficient, b->coefficient, &quotient->coefficient)) return OB_OK;
  OB_TRY(OB_ARENA_ARRAY(&pool->scratch, a->count, &factors));
  for (uint32_t i = 0; i < a->count; i++) {
    if (k < b->count && a->factors[i] == b->factors[k]) k++;
    else factors[n++] = a->factors[i];
  }
  quotient->factors = factors;
  quotient->count = n;
  *even = k == b->count;
  return OB_OK;
}

/* ---------------------------------------------------------------- to and from expressions */

/* The term that an expression without a sum on top is. */
static void term_from(const ob_expr_t *const *expr, ob_term_t *term) {
  const ob_expr_t *e = *expr;
  *term = (ob_term_t){.coefficient = 1, .count = 1, .factors = expr};
  if (e->op == OB_EXPR_CONST) *term = (ob_term_t){.coefficient = e->value};
  if (e->op != OB_EXPR_PRODUCT) return;
  bool scaled = e->args[0]->op == OB_EXPR_CONST;
  *term = (ob_term_t){.coefficient = scaled ? e->args[0]->value : 1, .count = e->count - scaled, .factors = e->args + scaled};
}

ob_status_t ob_poly_from(ob_expr_pool_t *pool, const ob_expr_t *expr, ob_poly_t *poly) {
  void *copy;
  *poly = (ob_poly_t){0};
  if (ob_expr_is(expr, 0)) return OB_OK;
  OB_TRY(ob_arena_copy(&pool->scratch, &expr, sizeof expr, &copy));
  const ob_expr_t *const *args = expr->op == OB_EXPR_SUM ? expr->args : (const ob_expr_t *const *)copy;
  poly->count = expr->op == OB_EXPR_SUM ? expr->count : 1;
  OB_TRY(OB_ARENA_ARRAY(&pool->scratch, poly->count, &poly->terms));
  for (size_t i = 0; i < poly->count; i++) term_from(&args[i], &poly->terms[i]);
  return OB_OK;
}

static ob_status_t term_to(ob_expr_pool_t *pool, const ob_term_t *term, const ob_expr_t **expr) {
  const ob_expr_t **args;
  size_t n = 0;
  if (term->count == 0) return ob_expr_const(pool, term->coefficient, expr);
  if (term->count == 1 && term->coefficient == 1) return *expr = term->factors[0], OB_OK;
  OB_TRY(OB_ARENA_ARRAY(&pool->scratch, (size_t)term->count + 1, &args));
  if (term->coefficient != 1) OB_TRY(ob_expr_const(pool, term->coefficient, &args[n++]));
  memcpy(args + n, term->factors, term->count * sizeof *args);
  return ob_expr_intern(pool, OB_EXPR_PRODUCT, 0, args, n + term->count, expr);
}

/* A sum that stands as the only factor of a term becomes terms of its own. */
static ob_status_t flatten(ob_expr_pool_t *pool, const ob_poly_t *poly, ob_poly_t *flat) {
  *flat = *poly;
  for (size_t i = 0; i < poly->count; i++) {
    const ob_term_t *term = &poly->terms[i];
    if (term->count != 1 || term->factors[0]->op != OB_EXPR_SUM) continue;
    ob_poly_t rest, inner;
    OB_TRY(OB_ARENA_ARRAY(&pool->scratch, poly->count, &rest.terms));
    memcpy(rest.terms, poly->terms, i * sizeof *rest.terms);
    if (i + 1 < poly->count) memcpy(rest.terms + i, poly->terms + i + 1, (poly->count - i - 1) * sizeof *rest.terms);
    rest.count = poly->count - 1;
    OB_TRY(ob_poly_from(pool, term->factors[0], &inner));
    OB_TRY(ob_poly_add(pool, &rest, &inner, term->coefficient, flat));
    ob_poly_t again = *flat;
    return flatten(pool, &again, flat);
  }
  return OB_OK;
}

ob_status_t ob_poly_to(ob_expr_pool_t *pool, const ob_poly_t *poly, const ob_expr_t **expr) {
  ob_poly_t flat;
  const ob_expr_t **args;
  OB_TRY(flatten(pool, poly, &flat));
  if (flat.count == 0) return ob_expr_const(pool, 0, expr);
  if (flat.count == 1) return term_to(pool, &flat.terms[0], expr);
  OB_TRY(OB_ARENA_ARRAY(&pool->scratch, flat.count, &args));
  for (size_t i = 0; i < flat.count; i++) OB_TRY(term_to(pool, &flat.terms[i], &args[i]));
  return ob_expr_intern(pool, OB_EXPR_SUM, 0, args, flat.count, expr);
}

/* ---------------------------------------------------------------- arithmetic */

ob_status_t ob_poly_add(ob_expr_pool_t *pool, const ob_poly_t *a, const ob_poly_t *b, int64_t factor, ob_poly_t *sum) {
  size_t i = 0, k = 0;
  ob_poly_t r = {0};
  OB_TRY(OB_ARENA_ARRAY(&pool->scratch, a->count + b->count, &r.terms));
  while (i < a->count || k < b->count) {
    int order = i == a->count ? 1 : k == b->count ? -1 : compare_terms(&a->terms[i], &b->terms[k]);
    ob_term_t term = order <= 0 ? a->terms[i] : b->terms[k];
    if (order > 0) term.coefficient = 0;
    if (order >= 0) {
      int64_t scaled;
      if (!ob_mul_i64(b->terms[k++].coefficient, factor, &scaled) ||
          !ob_add_i64(term.coefficient, scaled, &term.coefficient))
        return overflow();
    }
    i += order <= 0;
    if (term.coefficient != 0) r.terms[r.count++] = term;
  }
  *sum = r;
  return OB_OK;
}

ob_status_t ob_poly_mul(ob_expr_pool_t *pool, const ob_poly_t *a, const ob_poly_t *b, ob_poly_t *product) {
  ob_poly_t r = {0}, row;
  for (size_t i = 0; i < a->count; i++) {
    OB_TRY(OB_ARENA_ARRAY(&pool->scratch, b->count, &row.terms));
    row.count = b->count;
    for (size_t k = 0; k < b->count; k++) OB_TRY(multiply_terms(pool, &a->terms[i], &b->terms[k], &row.terms[k]));
    OB_TRY(ob_poly_add(pool, &r, &row, 1, &r)); /* a row stays in order: the order of monomials is admissible */
  }
  *product = r;
  return OB_OK;
}

/* Counts the factors of a product, and the terms that it has when multiplied out. */
static void count_expanded(const ob_expr_t *e, size_t *factors, size_t *terms) {
  if (e->op == OB_EXPR_PRODUCT) {
    for (uint32_t i = 0; i < e->count; i++) count_expanded(e->args[i], factors, terms);
    return;
  }
  ++*factors;
  if (e->op == OB_EXPR_SUM && *terms <= OB_EXPR_MAX_EXPANDED) *terms *= e->count;
}

static ob_status_t multiply_out(ob_expr_pool_t *pool, const ob_expr_t *e, bool expand, ob_poly_t *product) {
  ob_poly_t factor;
  if (e->op == OB_EXPR_PRODUCT) {
    for (uint32_t i = 0; i < e->count; i++) OB_TRY(multiply_out(pool, e->args[i], expand, product));
    return OB_OK;
  }
  if (e->op == OB_EXPR_SUM && !expand) { /* as one factor */
    void *copy;
    OB_TRY(ob_arena_copy(&pool->scratch, &e, sizeof e, &copy));
    OB_TRY(OB_ARENA_NEW(&pool->scratch, &factor.terms));
    factor.terms[0] = (ob_term_t){.coefficient = 1, .count = 1, .factors = copy};
    factor.count = 1;
  } else {
    OB_TRY(ob_poly_from(pool, e, &factor));
  }
  return ob_poly_mul(pool, product, &factor, product);
}

ob_status_t ob_poly_product(ob_expr_pool_t *pool, const ob_expr_t *const *args, size_t count, const ob_expr_t **expr) {
  size_t factors = 0, terms = 1;
  ob_term_t one = {.coefficient = 1};
  ob_poly_t product = {.terms = &one, .count = 1};
  for (size_t i = 0; i < count; i++) count_expanded(args[i], &factors, &terms);
  if (factors > OB_EXPR_MAX_TEXT) return ob_fail(OB_UNSUPPORTED, "a product of %zu sizes", factors);
  for (size_t i = 0; i < count; i++) OB_TRY(multiply_out(pool, args[i], terms <= OB_EXPR_MAX_EXPANDED, &product));
  return ob_poly_to(pool, &product, expr);
}

/* ---------------------------------------------------------------- division */

/* One step of long division: takes the multiple of b that cancels the leading term of *rest. */
static ob_status_t division_step(ob_expr_pool_t *pool, const ob_poly_t *b, ob_poly_t *rest, ob_poly_t *quotient, bool *even) {
  ob_term_t term;
  ob_poly_t single = {.terms = &term, .count = 1}, product;
  OB_TRY(divide_terms(pool, &rest->terms[0], &b->terms[0], &term, even));
  if (!*even) return OB_OK;
  OB_TRY(ob_poly_mul(pool, &single, b, &product));
  OB_TRY(ob_poly_add(pool, rest, &product, -1, rest));
  return ob_poly_add(pool, quotient, &single, 1, quotient);
}

ob_status_t ob_poly_divide(ob_expr_pool_t *pool, const ob_poly_t *a, const ob_poly_t *b, ob_poly_t *quotient, bool *exact) {
  ob_poly_t rest = *a;
  *quotient = (ob_poly_t){0};
  *exact = false;
  for (int step = 0; rest.count > 0; step++) {
    bool even;
    if (step == MAX_DIVISION_STEPS || b->count == 0) return OB_OK;
    ob_status_t status = division_step(pool, b, &rest, quotient, &even);
    if (status == OB_OUT_OF_MEMORY) return status;
    if (status != OB_OK || !even) return OB_OK; /* an overflow on the way: it does not divide */
  }
  *exact = true;
  return OB_OK;
}

static uint64_t magnitude(int64_t a) { return a < 0 ? (uint64_t)0 - (uint64_t)a : (uint64_t)a; }

/* Of magnitudes; where it would be 2^63, which has no positive int64, half of that: a common divisor too. */
static int64_t gcd(int64_t first, int64_t second) {
  uint64_t a = magnitude(first), b = magnitude(second);
  while (b != 0) {
    uint64_t t = a % b;
    a = b;
    b = t;
  }
  return a > INT64_MAX ? INT64_C(1) << 62 : (int64_t)a;
}

int64_t ob_poly_content(const ob_poly_t *poly) {
  int64_t g = 0;
  for (size_t i = 0; i < poly->count; i++)
    if (poly->terms[i].count > 0) g = gcd(g, poly->terms[i].coefficient);
  return g;
}

int64_t ob_poly_constant(const ob_poly_t *poly) {
  if (poly->count == 0 || poly->terms[poly->count - 1].count > 0) return 0;
  return poly->terms[poly->count - 1].coefficient;
}

/* Keeps in `common` (of n factors) what `term` has too. */
static uint32_t intersect(const ob_expr_t **common, uint32_t n, const ob_term_t *term) {
  uint32_t kept = 0, k = 0;
  for (uint32_t i = 0; i < n && k < term->count;) {
    int order = ob_expr_compare(common[i], term->factors[k]);
    if (order == 0) common[kept++] = common[i];
    i += order <= 0;
    k += order >= 0;
  }
  return kept;
}

static ob_status_t divide_all(ob_expr_pool_t *pool, const ob_term_t *by, ob_poly_t *poly) {
  ob_poly_t r = {.count = poly->count};
  bool even;
  OB_TRY(OB_ARENA_ARRAY(&pool->scratch, poly->count, &r.terms));
  for (size_t i = 0; i < poly->count; i++) OB_TRY(divide_terms(pool, &poly->terms[i], by, &r.terms[i], &even));
  *poly = r;
  return OB_OK;
}

ob_status_t ob_poly_cancel(ob_expr_pool_t *pool, ob_poly_t *a, ob_poly_t *b, ob_term_t *common) {
  const ob_expr_t **factors;
  int64_t g = 0;
  uint32_t n = a->count ? a->terms[0].count : 0;
  *common = (ob_term_t){.coefficient = 1};
  if (a->count == 0 || b->count == 0) return OB_OK;
  OB_TRY(OB_ARENA_ARRAY(&pool->scratch, n, &factors));
  if (n > 0) memcpy(factors, a->terms[0].factors, n * sizeof *factors);
  for (size_t i = 0; i < a->count + b->count; i++) {
    const ob_term_t *term = i < a->count ? &a->terms[i] : &b->terms[i - a->count];
    n = intersect(factors, n, term);
    g = gcd(g, term->coefficient);
  }
  *common = (ob_term_t){.coefficient = g, .count = n, .factors = factors};
  if (g == 1 && n == 0) return OB_OK;
  OB_TRY(divide_all(pool, common, a));
  return divide_all(pool, common, b);
}
