/* Reads expressions: recursive descent, bounded in length and depth. */
#include <ctype.h>
#include <inttypes.h>
#include <string.h>

#include "base/array.h"
#include "base/checked.h"
#include "graph/expr_internal.h"

enum { MAX_ARGUMENTS = OB_EXPR_MAX_TEXT / 2 };

typedef struct parser {
  ob_expr_pool_t *pool;
  const char *text, *at;
  ob_status_t failure;
  int depth;
} parser_t;

static ob_status_t parse_sum(parser_t *p, const ob_expr_t **expr);

static ob_status_t complain(const parser_t *p, const char *words) {
  return ob_fail(p->failure, "expression '%s', byte %zu: %s", ob_quote(p->text), (size_t)(p->at - p->text), words);
}

static bool accept(parser_t *p, const char *token) {
  while (*p->at == ' ') p->at++;
  size_t n = strlen(token);
  if (strncmp(p->at, token, n) != 0) return false;
  p->at += n;
  return true;
}

/* An operation of the parsed arguments; its failures get the parser's status and place. */
static ob_status_t make(parser_t *p, ob_expr_op_t op, const ob_expr_t *const *args, size_t count, const ob_expr_t **expr) {
  ob_status_t status = ob_expr_make(p->pool, op, args, count, expr);
  if (status == OB_OK || status == OB_OUT_OF_MEMORY) return status;
  return ob_fail_within(p->failure, "expression '%s', byte %zu: ", ob_quote(p->text), (size_t)(p->at - p->text));
}

static ob_status_t parse_number(parser_t *p, bool negative, const ob_expr_t **expr) {
  int64_t value = 0;
  for (; *p->at >= '0' && *p->at <= '9'; p->at++) { /* counted downwards: the smallest number has no positive twin */
    if (!ob_mul_i64(value, 10, &value) || !ob_sub_i64(value, *p->at - '0', &value))
      return complain(p, "the number does not fit 64 bits");
  }
  if (!negative && value == INT64_MIN) return complain(p, "the number does not fit 64 bits");
  return ob_expr_const(p->pool, negative ? value : -value, expr);
}

typedef struct function {
  const char *name;
  ob_expr_op_t op;
  size_t least, most;
} function_t;
static const function_t functions[] = {
    {"min", OB_EXPR_MIN, 2, MAX_ARGUMENTS}, {"max", OB_EXPR_MAX, 2, MAX_ARGUMENTS},
    {"ceildiv", OB_EXPR_CEILDIV, 2, 2},     {"exactdiv", OB_EXPR_EXACTDIV, 2, 2},
    {"select", OB_EXPR_SELECT, 3, 3},       {"eq", OB_EXPR_EQ, 2, 2},
    {"ne", OB_EXPR_NE, 2, 2},               {"lt", OB_EXPR_LT, 2, 2},
    {"le", OB_EXPR_LE, 2, 2},               {"and", OB_EXPR_AND, 2, MAX_ARGUMENTS},
    {"or", OB_EXPR_OR, 2, MAX_ARGUMENTS},   {"not", OB_EXPR_NOT, 1, 1},
    {"bcast", OB_EXPR_BCAST, 2, 2}};

typedef OB_ARRAY(const ob_expr_t *) arguments_t;

static ob_status_t parse_arguments(parser_t *p, arguments_t *arguments) {
  do {
    const ob_expr_t *argument;
    OB_TRY(parse_sum(p, &argument));
    OB_TRY(ob_array_push(p->pool->arena->allocator, arguments, argument));
  } while (accept(p, ","));
  return accept(p, ")") ? OB_OK : complain(p, "expected ',' or ')'");
}

static ob_status_t parse_call(parser_t *p, const char *name, size_t length, const ob_expr_t **expr) {
  const function_t *f = NULL;
  for (size_t i = 0; i < sizeof functions / sizeof *functions; i++)
    if (strlen(functions[i].name) == length && memcmp(functions[i].name, name, length) == 0) f = &functions[i];
  if (!f) return complain(p, "no such function");
  arguments_t arguments = {0};
  ob_status_t status = parse_arguments(p, &arguments);
  if (status == OB_OK && (arguments.count < f->least || arguments.count > f->most))
    status = complain(p, "wrong number of arguments");
  if (status == OB_OK) status = make(p, f->op, arguments.items, arguments.count, expr);
  ob_array_free(p->pool->arena->allocator, &arguments);
  return status;
}

static bool starts_name(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
static bool continues_name(char c) { return starts_name(c) || (c >= '0' && c <= '9') || c == '.'; }

static ob_status_t parse_name(parser_t *p, const ob_expr_t **expr) {
  const char *name = p->at;
  while (continues_name(*p->at)) p->at++;
  size_t length = (size_t)(p->at - name);
  if (accept(p, "(")) return parse_call(p, name, length, expr);
  char copy[OB_EXPR_MAX_NAME];
  if (length >= sizeof copy) return complain(p, "the name is too long");
  memcpy(copy, name, length);
  copy[length] = 0;
  const ob_symbol_t *symbol = ob_expr_symbol_find(p->pool, copy);
  if (!symbol) return complain(p, "no such symbol");
  *expr = symbol->expr;
  return OB_OK;
}

static ob_status_t parse_primary(parser_t *p, bool negative, const ob_expr_t **expr) {
  (void)accept(p, "");
  if (*p->at >= '0' && *p->at <= '9') return parse_number(p, negative, expr);
  if (starts_name(*p->at)) return parse_name(p, expr);
  if (!accept(p, "(")) return complain(p, "expected a number, a name or '('");
  OB_TRY(parse_sum(p, expr));
  return accept(p, ")") ? OB_OK : complain(p, "expected ')'");
}

static ob_status_t parse_unary(parser_t *p, const ob_expr_t **expr) {
  bool negative = false;
  while (accept(p, "-")) negative = !negative;
  (void)accept(p, "");
  bool number = *p->at >= '0' && *p->at <= '9';
  OB_TRY(parse_primary(p, negative, expr));
  if (!negative || number) return OB_OK;
  const ob_expr_t *args[2] = {NULL, *expr};
  OB_TRY(ob_expr_const(p->pool, -1, &args[0]));
  return make(p, OB_EXPR_PRODUCT, args, 2, expr);
}

/* The factors of a*b*c are multiplied at once: whether sums are multiplied out depends on all of them. */
static ob_status_t parse_factors(parser_t *p, arguments_t *factors, const ob_expr_t **expr) {
  const ob_allocator_t *allocator = p->pool->arena->allocator;
  OB_TRY(parse_unary(p, expr));
  OB_TRY(ob_array_push(allocator, factors, *expr));
  for (;;) {
    bool modulo = false;
    if (accept(p, "*")) {
      OB_TRY(parse_unary(p, expr));
      OB_TRY(ob_array_push(allocator, factors, *expr));
      continue;
    }
    if (factors->count > 1) OB_TRY(make(p, OB_EXPR_PRODUCT, factors->items, factors->count, expr));
    else *expr = factors->items[0];
    if (!accept(p, "//") && !(modulo = accept(p, "%"))) return OB_OK;
    const ob_expr_t *pair[2] = {*expr, NULL};
    OB_TRY(parse_unary(p, &pair[1]));
    OB_TRY(make(p, modulo ? OB_EXPR_MOD : OB_EXPR_FLOORDIV, pair, 2, expr));
    factors->count = 1;
    factors->items[0] = *expr;
  }
}

static ob_status_t parse_product(parser_t *p, const ob_expr_t **expr) {
  arguments_t factors = {0};
  ob_status_t status = parse_factors(p, &factors, expr);
  ob_array_free(p->pool->arena->allocator, &factors);
  return status;
}

static ob_status_t parse_sum(parser_t *p, const ob_expr_t **expr) {
  if (++p->depth > OB_EXPR_MAX_DEPTH) return complain(p, "nested too deep");
  OB_TRY(parse_product(p, expr));
  for (;;) {
    bool minus = false;
    if (!accept(p, "+") && !(minus = accept(p, "-"))) break;
    const ob_expr_t *pair[2] = {*expr, NULL};
    OB_TRY(parse_product(p, &pair[1]));
    if (minus) {
      const ob_expr_t *negated[2] = {NULL, pair[1]};
      OB_TRY(ob_expr_const(p->pool, -1, &negated[0]));
      OB_TRY(make(p, OB_EXPR_PRODUCT, negated, 2, &pair[1]));
    }
    OB_TRY(make(p, OB_EXPR_SUM, pair, 2, expr));
  }
  p->depth--;
  return OB_OK;
}

ob_status_t ob_expr_parse(ob_expr_pool_t *pool, const char *text, ob_status_t failure, const ob_expr_t **expr) {
  parser_t p = {.pool = pool, .text = text, .at = text, .failure = failure};
  *expr = NULL;
  if (strnlen(text, OB_EXPR_MAX_TEXT + 1) > OB_EXPR_MAX_TEXT)
    return ob_fail(failure, "an expression is longer than %d bytes", OB_EXPR_MAX_TEXT);
  OB_TRY(parse_sum(&p, expr));
  (void)accept(&p, "");
  return *p.at == 0 ? OB_OK : complain(&p, "expected an operator or the end");
}
