/* Expressions by their C interface; tests/expr_test.py compares random ones with Python's integers. */
#include "graph/expr.h"

#include <outboard/outboard.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

typedef struct fixture {
  ob_arena_t arena;
  ob_expr_pool_t *pool;
  const ob_expr_t *n, *h;
} fixture_t;

static const ob_expr_t *symbol(fixture_t *f, const char *name, ob_symbol_source_t source) {
  const ob_expr_t *expr;
  assert_int_equal(ob_expr_symbol(f->pool, name, source, 0, 0, &expr), OB_OK);
  return expr;
}

static int setup(void **state) {
  fixture_t *f = calloc(1, sizeof *f);
  ob_arena_init(&f->arena, ob_allocator_default());
  assert_int_equal(ob_expr_pool_create(&f->arena, &f->pool), OB_OK);
  f->n = symbol(f, "N", OB_SYMBOL_DIM);
  f->h = symbol(f, "H", OB_SYMBOL_DIM);
  *state = f;
  return 0;
}

static int teardown(void **state) {
  fixture_t *f = *state;
  ob_arena_free(&f->arena);
  free(f);
  return 0;
}

static const ob_expr_t *parse(fixture_t *f, const char *text) {
  const ob_expr_t *expr;
  assert_int_equal(ob_expr_parse(f->pool, text, OB_INVALID_ARTIFACT, &expr), OB_OK);
  return expr;
}

static void assert_text(fixture_t *f, const ob_expr_t *expr, const char *wanted) {
  const char *text;
  assert_int_equal(ob_expr_text(f->pool, expr, &text), OB_OK);
  assert_string_equal(text, wanted);
}

static void test_names(void **state) {
  fixture_t *f = *state;
  static const char *const names[][2] = {{"batch size", "batch_20size"}, {"N", "N_2"},  {"N", "N_3"},       {"2x", "_2x"},
                                         {"", "_"},                      {"a.b", "a.b"}, {"\xc3\xa9", "__c3_a9"}, {"x\"*/", "x_22_2a_2f"}};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    const ob_expr_t *expr = symbol(f, names[i][0], OB_SYMBOL_FREE);
    assert_text(f, expr, names[i][1]);
    assert_ptr_equal(parse(f, names[i][1]), expr);
  }
  char longest[300];
  memset(longest, 'q', sizeof longest - 1);
  longest[sizeof longest - 1] = 0;
  const ob_expr_t *first = symbol(f, longest, OB_SYMBOL_FREE), *second = symbol(f, longest, OB_SYMBOL_FREE);
  assert_ptr_not_equal(first, second);
  const char *text;
  assert_int_equal(ob_expr_text(f->pool, second, &text), OB_OK);
  assert_true(strlen(text) < 64);
  assert_ptr_equal(parse(f, text), second);
  assert_null(ob_expr_symbol_find(f->pool, "nobody"));
}

static void test_fresh(void **state) {
  fixture_t *f = *state;
  const ob_expr_t *a, *b, *sum;
  (void)symbol(f, "u_1", OB_SYMBOL_DIM); /* a model may use such a name */
  assert_int_equal(ob_expr_fresh(f->pool, &a), OB_OK);
  assert_int_equal(ob_expr_fresh(f->pool, &b), OB_OK);
  assert_text(f, a, "u_0");
  assert_text(f, b, "u_2");
  assert_int_equal(ob_expr_add(f->pool, f->n, a, &sum), OB_OK);
  assert_true(ob_expr_is_run_time(f->pool, sum));
  assert_false(ob_expr_is_run_time(f->pool, f->n));
}

static void test_one_pointer_for_equal_expressions(void **state) {
  fixture_t *f = *state;
  assert_ptr_equal(parse(f, "N*(H + 1) - N"), parse(f, "H*N"));
  assert_ptr_equal(parse(f, "(N + H)*(N - H)"), parse(f, "N*N - H*H"));
  assert_ptr_equal(parse(f, "max(H, N, 3)"), parse(f, "max(3, max(N, H))"));
  assert_true(ob_expr_equal(parse(f, "N + 1"), parse(f, "1 + N")));
  assert_false(ob_expr_equal(parse(f, "N + 1"), parse(f, "N + 2")));
}

static void test_bounds_narrow_what_comes_later(void **state) {
  fixture_t *f = *state;
  int64_t low, high;
  ob_symbol_t *h = ob_expr_symbol_find(f->pool, "H");
  assert_int_equal(parse(f, "lt(H, 100)")->op, OB_EXPR_LT);
  h->min = 4, h->max = 64;
  assert_true(ob_expr_is(parse(f, "lt(H, 100)"), 1));
  assert_true(ob_expr_is(parse(f, "H//65"), 0));
  ob_expr_bounds(f->pool, parse(f, "2*H - N//3"), &low, &high);
  assert_true(low == INT64_MIN && high == 128);
  ob_expr_bounds(f->pool, parse(f, "select(eq(N, 1), H, 70)"), &low, &high);
  assert_true(low == 4 && high == 70);
}

static void test_eval_errors(void **state) {
  fixture_t *f = *state;
  static const struct {
    const char *text;
    int64_t n, h;
  } cases[] = {{"N//H", 1, 0}, {"N % H", 1, 0}, {"exactdiv(N, H)", 7, 2}, {"bcast(N, H)", 2, 3}, {"N*H", INT64_MAX, 2}, {"N//H", INT64_MIN, -1}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    const int64_t values[] = {cases[i].n, cases[i].h};
    int64_t number;
    assert_int_equal(ob_expr_eval(parse(f, cases[i].text), values, &number), OB_INVALID_ARGUMENT);
  }
  const int64_t values[] = {0, 5};
  int64_t number;
  assert_int_equal(ob_expr_eval(parse(f, "select(N, H//N, 9)"), values, &number), OB_OK); /* the other branch is left alone */
  assert_int_equal(number, 9);
}

static void test_substitute(void **state) {
  fixture_t *f = *state;
  const ob_expr_t *replacements[2] = {NULL, parse(f, "2*N")}, *result;
  bool used[2] = {false};
  assert_int_equal(ob_expr_substitute(f->pool, parse(f, "exactdiv(H*3, N + 1) + H//2"), replacements, &result), OB_OK);
  assert_text(f, result, "N + exactdiv(6*N, N + 1)");
  ob_expr_symbols_used(result, used);
  assert_true(used[0] && !used[1]);
  replacements[0] = parse(f, "5"), replacements[1] = parse(f, "10");
  assert_int_equal(ob_expr_substitute(f->pool, parse(f, "exactdiv(H, N)*max(N, 3)"), replacements, &result), OB_OK);
  assert_true(ob_expr_is(result, 10));
}

static void test_make_errors(void **state) {
  fixture_t *f = *state;
  const ob_expr_t *zero, *large, *expr;
  assert_int_equal(ob_expr_const(f->pool, 0, &zero), OB_OK);
  assert_int_equal(ob_expr_const(f->pool, INT64_MAX, &large), OB_OK);
  assert_int_equal(ob_expr_binary(f->pool, OB_EXPR_MOD, f->n, zero, &expr), OB_INVALID_MODEL);
  assert_int_equal(ob_expr_add(f->pool, large, large, &expr), OB_INVALID_MODEL);
  assert_int_equal(ob_expr_make(f->pool, OB_EXPR_NOT, NULL, 0, &expr), OB_INTERNAL);
}

/* What grows without bound is refused, in time and memory that do not explode. */
static void test_growth_is_bounded(void **state) {
  fixture_t *f = *state;
  const ob_expr_t *sum = f->n, *next;
  ob_status_t status = OB_OK;
  for (int i = 0; i < 5000 && status == OB_OK; i++) {
    assert_int_equal(ob_expr_fresh(f->pool, &next), OB_OK);
    status = ob_expr_add(f->pool, sum, next, &sum);
  }
  assert_int_equal(status, OB_UNSUPPORTED);
  const ob_expr_t *power = parse(f, "N + H + 1");
  for (status = OB_OK; status == OB_OK;) status = ob_expr_mul(f->pool, power, power, &power);
  assert_int_equal(status, OB_UNSUPPORTED);
  const ob_expr_t *deep = f->n;
  status = OB_OK;
  for (int i = 0; i < 200 && status == OB_OK; i++)
    status = ob_expr_binary(f->pool, i % 2 ? OB_EXPR_FLOORDIV : OB_EXPR_MOD, f->h, deep, &deep);
  assert_int_equal(status, OB_UNSUPPORTED);
}

/* ---------------------------------------------------------------- running out of memory */

typedef struct counter {
  ob_allocator_t allocator;
  size_t calls, fail_at, alive;
} counter_t;

static void *count_allocate(void *self, size_t size, size_t alignment) {
  counter_t *c = self;
  const ob_allocator_t *a = ob_allocator_default();
  if (++c->calls == c->fail_at) return NULL;
  c->alive++;
  return a->allocate(a->self, size, alignment);
}

static void count_release(void *self, void *block) {
  counter_t *c = self;
  if (block) c->alive--;
  ob_allocator_default()->release(NULL, block);
}

static ob_status_t build(ob_arena_t *arena) {
  ob_expr_pool_t *pool;
  const ob_expr_t *expr;
  const char *text;
  OB_TRY(ob_expr_pool_create(arena, &pool));
  for (int i = 0; i < 100; i++) OB_TRY(ob_expr_fresh(pool, &expr));
  OB_TRY(ob_expr_parse(pool, "exactdiv((u_1 + u_2)*(u_3 - 4)*u_5, u_5*(u_3 - 4)) + min(u_1, u_7//3, 8)*max(u_9, u_10 % 5) + "
                             "select(and(lt(u_1, u_2), not(u_3)), ceildiv(u_4, u_5), bcast(u_6, u_7))", OB_INVALID_MODEL, &expr));
  return ob_expr_text(pool, expr, &text);
}

static void test_every_allocation_may_fail(void **state) {
  (void)state;
  ob_status_t status = OB_OUT_OF_MEMORY;
  for (size_t n = 1; status != OB_OK; n++) {
    counter_t counter = {{count_allocate, count_release, &counter}, 0, n, 0};
    ob_arena_t arena;
    ob_arena_init(&arena, &counter.allocator);
    status = build(&arena);
    assert_true(status == OB_OUT_OF_MEMORY || (status == OB_OK && counter.calls < n));
    ob_arena_free(&arena);
    assert_int_equal(counter.alive, 0);
  }
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
  const struct CMUnitTest tests[] = {
      TEST(test_names), TEST(test_fresh), TEST(test_one_pointer_for_equal_expressions),
      TEST(test_bounds_narrow_what_comes_later), TEST(test_eval_errors), TEST(test_substitute),
      TEST(test_make_errors), TEST(test_growth_is_bounded), cmocka_unit_test(test_every_allocation_may_fail),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
