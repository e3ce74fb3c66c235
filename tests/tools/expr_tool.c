/* Works expressions for tests/expr_test.py, which compares with Python's integers. Reads lines:
 *   symbol NAME MIN MAX     a symbol with bounds
 *   eval TEXT; V0 V1 ...    parses TEXT, prints its canonical text, whether that text parses to the same expression ("same"), its
 *                           bounds, and its number under the values: "text; same; low high; number" or "error"
 * A line that cannot be parsed gives "error: message". */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "graph/expr.h"
#include <outboard/outboard.h>

enum { LINE = 16384 };

static void add_symbol(ob_expr_pool_t *pool, char *line) {
  char name[64];
  int64_t low, high;
  const ob_expr_t *expr;
  if (sscanf(line, "%63s %" SCNd64 " %" SCNd64, name, &low, &high) != 3) exit(2);
  if (ob_expr_symbol(pool, name, OB_SYMBOL_FREE, 0, 0, &expr) != OB_OK) exit(2);
  ob_symbol_t *symbol = ob_expr_symbol_at(pool, (size_t)expr->value);
  symbol->min = low;
  symbol->max = high;
}

static void work(ob_expr_pool_t *pool, char *text) {
  const ob_expr_t *expr, *again;
  const char *printed;
  int64_t symbols[64] = {0}, low, high, number;
  char *values = strchr(text, ';');
  if (!values) exit(2);
  *values++ = 0;
  for (size_t i = 0; i < 64 && i < ob_expr_symbol_count(pool); i++) symbols[i] = strtoll(values, &values, 10);
  if (ob_expr_parse(pool, text, OB_INVALID_ARTIFACT, &expr) != OB_OK) {
    printf("error: %s\n", ob_error_message());
    return;
  }
  if (ob_expr_text(pool, expr, &printed) != OB_OK) exit(2);
  bool same = ob_expr_parse(pool, printed, OB_INVALID_ARTIFACT, &again) == OB_OK && again == expr;
  ob_expr_bounds(pool, expr, &low, &high);
  printf("%s; %s; %" PRId64 " %" PRId64 "; ", printed, same ? "same" : "other", low, high);
  if (ob_expr_eval(expr, symbols, &number) == OB_OK) printf("%" PRId64 "\n", number);
  else printf("error\n");
}

int main(void) {
  static char line[LINE];
  ob_arena_t arena;
  ob_expr_pool_t *pool;
  ob_arena_init(&arena, ob_allocator_default());
  if (ob_expr_pool_create(&arena, &pool) != OB_OK) return 2;
  while (fgets(line, sizeof line, stdin)) {
    line[strcspn(line, "\n")] = 0;
    if (strncmp(line, "symbol ", 7) == 0) add_symbol(pool, line + 7);
    else if (strncmp(line, "eval ", 5) == 0) work(pool, line + 5);
    fflush(stdout);
  }
  ob_arena_free(&arena);
  return 0;
}
