/* The pool of symbolic expressions: interning, order, symbols. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/checked.h"
#include "base/hash.h"
#include "graph/expr_internal.h"

enum { FIRST_CAPACITY = 64 };

ob_status_t ob_expr_pool_create(ob_arena_t *arena, ob_expr_pool_t **pool) {
  OB_TRY(OB_ARENA_NEW(arena, pool));
  (*pool)->arena = arena;
  ob_arena_init(&(*pool)->scratch, arena->allocator);
  return OB_OK;
}

/* ---------------------------------------------------------------- interning */

static bool same(const ob_expr_t *e, ob_expr_op_t op, int64_t value, const ob_expr_t *const *args, size_t count) {
  if (e->op != op || e->value != value || e->count != count) return false;
  for (size_t i = 0; i < count; i++)
    if (e->args[i] != args[i]) return false;
  return true;
}

static ob_status_t grow_table(ob_expr_pool_t *pool) {
  size_t capacity = pool->capacity ? pool->capacity * 2 : FIRST_CAPACITY;
  const ob_expr_t **table;
  OB_TRY(OB_ARENA_ARRAY(pool->arena, capacity, &table));
  for (size_t i = 0; i < pool->capacity; i++) {
    if (!pool->table[i]) continue;
    size_t k = (size_t)pool->table[i]->hash & (capacity - 1);
    while (table[k]) k = (k + 1) & (capacity - 1);
    table[k] = pool->table[i];
  }
  pool->table = table;
  pool->capacity = capacity;
  return OB_OK;
}

/* Bytes of text and levels of nesting that the form needs at most. */
static void measure(const ob_expr_pool_t *pool, ob_expr_cell_t *cell) {
  const ob_expr_t *e = &cell->expr;
  uint64_t length = e->op > OB_EXPR_PRODUCT ? strlen("exactdiv()") : 0;
  if (e->op == OB_EXPR_CONST) length = (uint64_t)snprintf(NULL, 0, "%" PRId64, e->value);
  if (e->op == OB_EXPR_SYMBOL) length = strlen(pool->symbols[e->value]->name);
  uint32_t depth = 0;
  for (uint32_t i = 0; i < e->count; i++) {
    const ob_expr_cell_t *arg = (const ob_expr_cell_t *)e->args[i];
    length += arg->length + 5u; /* " + ", "//" and parentheses */
    if (arg->depth > depth) depth = arg->depth;
  }
  cell->length = length > UINT32_MAX ? UINT32_MAX : (uint32_t)length;
  cell->depth = depth + (e->count > 0);
}

static ob_status_t new_cell(ob_expr_pool_t *pool, const ob_expr_t *form, const ob_expr_t **expr) {
  ob_expr_cell_t *cell;
  OB_TRY(OB_ARENA_NEW(pool->arena, &cell));
  cell->expr = *form;
  measure(pool, cell);
  if (cell->length > OB_EXPR_MAX_TEXT || cell->depth >= OB_EXPR_MAX_DEPTH)
    return ob_fail(OB_UNSUPPORTED, "a symbolic expression grows beyond %d bytes of text or %d levels", OB_EXPR_MAX_TEXT,
                   OB_EXPR_MAX_DEPTH);
  void *args;
  OB_TRY(ob_arena_copy(pool->arena, form->args, form->count * sizeof *form->args, &args));
  cell->expr.args = args;
  *expr = &cell->expr;
  return OB_OK;
}

ob_status_t ob_expr_intern(ob_expr_pool_t *pool, ob_expr_op_t op, int64_t value, const ob_expr_t *const *args, size_t count,
                           const ob_expr_t **expr) {
  if (pool->count + 1 > pool->capacity / 4 * 3) OB_TRY(grow_table(pool));
  uint64_t hash = ob_hash_mix(ob_hash_mix(UINT64_C(0x9ddfea08eb382d69), (uint64_t)op), (uint64_t)value);
  for (size_t i = 0; i < count; i++) hash = ob_hash_mix(hash, args[i]->hash);
  hash ^= hash >> 32;
  size_t k = (size_t)hash & (pool->capacity - 1);
  for (; pool->table[k]; k = (k + 1) & (pool->capacity - 1))
    if (pool->table[k]->hash == hash && same(pool->table[k], op, value, args, count)) {
      *expr = pool->table[k];
      return OB_OK;
    }
  const ob_expr_t form = {.op = op, .count = (uint32_t)count, .value = value, .args = args, .hash = hash};
  OB_TRY(new_cell(pool, &form, expr));
  pool->table[k] = *expr;
  pool->count++;
  return OB_OK;
}

ob_status_t ob_expr_const(ob_expr_pool_t *pool, int64_t value, const ob_expr_t **expr) {
  return ob_expr_intern(pool, OB_EXPR_CONST, value, NULL, 0, expr);
}

int ob_expr_compare(const ob_expr_t *a, const ob_expr_t *b) {
  if (a == b) return 0;
  if (a->op != b->op) return a->op < b->op ? -1 : 1;
  if (a->value != b->value) return a->value < b->value ? -1 : 1;
  if (a->count != b->count) return a->count < b->count ? -1 : 1;
  for (uint32_t i = 0; i < a->count; i++) {
    int order = ob_expr_compare(a->args[i], b->args[i]);
    if (order != 0) return order;
  }
  return 0;
}

bool ob_expr_equal(const ob_expr_t *a, const ob_expr_t *b) {
  if (a == b) return true;
  return a->hash == b->hash && ob_expr_compare(a, b) == 0; /* of two pools */
}

/* ---------------------------------------------------------------- symbols */

size_t ob_expr_symbol_count(const ob_expr_pool_t *pool) { return pool->symbol_count; }
ob_symbol_t *ob_expr_symbol_at(const ob_expr_pool_t *pool, size_t index) { return pool->symbols[index]; }

/* The place of `name` in the table of names, or the free one where it would go. */
static size_t name_slot(const ob_expr_pool_t *pool, const uint32_t *names, size_t capacity, const char *name) {
  size_t k = (size_t)ob_hash_bytes(name, strlen(name)) & (capacity - 1);
  while (names[k] && strcmp(pool->symbols[names[k] - 1]->name, name) != 0) k = (k + 1) & (capacity - 1);
  return k;
}

ob_symbol_t *ob_expr_symbol_find(const ob_expr_pool_t *pool, const char *name) {
  if (pool->name_capacity == 0) return NULL;
  uint32_t found = pool->names[name_slot(pool, pool->names, pool->name_capacity, name)];
  return found ? pool->symbols[found - 1] : NULL;
}

/* Room for one more symbol. */
static ob_status_t grow_symbols(ob_expr_pool_t *pool) {
  if (pool->symbol_count < pool->symbol_capacity) return OB_OK;
  size_t capacity = pool->symbol_capacity ? pool->symbol_capacity * 2 : 16;
  if (capacity > UINT32_MAX / 4) return ob_fail(OB_UNSUPPORTED, "more than %zu symbols", pool->symbol_count);
  ob_symbol_t **symbols;
  uint32_t *names;
  OB_TRY(OB_ARENA_ARRAY(pool->arena, capacity, &symbols));
  OB_TRY(OB_ARENA_ARRAY(pool->arena, capacity * 2, &names));
  if (pool->symbol_count > 0) memcpy(symbols, pool->symbols, pool->symbol_count * sizeof *symbols);
  pool->symbols = symbols;
  for (uint32_t i = 0; i < pool->symbol_count; i++) names[name_slot(pool, names, capacity * 2, symbols[i]->name)] = i + 1;
  pool->symbol_capacity = capacity;
  pool->names = names;
  pool->name_capacity = capacity * 2;
  return OB_OK;
}

static ob_status_t add_symbol(ob_expr_pool_t *pool, const char *name, ob_symbol_t **symbol) {
  OB_TRY(grow_symbols(pool));
  OB_TRY(OB_ARENA_NEW(pool->arena, symbol));
  OB_TRY(ob_arena_strdup(pool->arena, name, &(*symbol)->name));
  pool->symbols[pool->symbol_count] = *symbol; /* ob_expr_intern measures the name */
  OB_TRY(ob_expr_intern(pool, OB_EXPR_SYMBOL, (int64_t)pool->symbol_count, NULL, 0, &(*symbol)->expr));
  pool->names[name_slot(pool, pool->names, pool->name_capacity, name)] = (uint32_t)pool->symbol_count + 1;
  pool->symbol_count++;
  return OB_OK;
}

static bool starts_identifier(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }

/* `name` as an identifier: other bytes become _XX. `room` is left for a suffix. */
static void make_identifier(const char *name, char *out, size_t room) {
  size_t used = 0;
  if (!starts_identifier(name[0])) out[used++] = '_';
  for (const char *c = name; *c && used + 4 < room; c++) {
    bool plain = starts_identifier(*c) || (*c >= '0' && *c <= '9') || *c == '.';
    if (plain) out[used++] = *c;
    else used += (size_t)snprintf(out + used, room - used, "_%02x", (unsigned)(unsigned char)*c);
  }
  out[used] = 0;
}

ob_status_t ob_expr_symbol(ob_expr_pool_t *pool, const char *name, ob_symbol_source_t source, uint32_t input, uint32_t index,
                           const ob_expr_t **expr) {
  char base[OB_EXPR_MAX_NAME - 8], unique[OB_EXPR_MAX_NAME];
  ob_symbol_t *symbol;
  make_identifier(name, base, sizeof base);
  snprintf(unique, sizeof unique, "%s", base);
  for (unsigned n = 2; ob_expr_symbol_find(pool, unique); n++) snprintf(unique, sizeof unique, "%s_%u", base, n % 1000000);
  OB_TRY(add_symbol(pool, unique, &symbol));
  symbol->source = source;
  symbol->input = input;
  symbol->index = index;
  symbol->min = source == OB_SYMBOL_ELEMENT ? INT64_MIN : 0;
  symbol->max = INT64_MAX;
  *expr = symbol->expr;
  return OB_OK;
}

ob_status_t ob_expr_fresh(ob_expr_pool_t *pool, const ob_expr_t **expr) {
  char name[32];
  do snprintf(name, sizeof name, "u_%" PRIu64, pool->next_fresh++);
  while (ob_expr_symbol_find(pool, name));
  return ob_expr_symbol(pool, name, OB_SYMBOL_RUN, 0, 0, expr);
}

/* ---------------------------------------------------------------- questions */

bool ob_expr_is_run_time(const ob_expr_pool_t *pool, const ob_expr_t *expr) {
  if (expr->op == OB_EXPR_SYMBOL) return pool->symbols[expr->value]->source == OB_SYMBOL_RUN;
  for (uint32_t i = 0; i < expr->count; i++)
    if (ob_expr_is_run_time(pool, expr->args[i])) return true;
  return false;
}

void ob_expr_symbols_used(const ob_expr_t *expr, bool *used) {
  if (expr->op == OB_EXPR_SYMBOL) used[expr->value] = true;
  for (uint32_t i = 0; i < expr->count; i++) ob_expr_symbols_used(expr->args[i], used);
}

/* The same form with other arguments. */
static ob_status_t rebuild(ob_expr_pool_t *pool, const ob_expr_t *expr, const ob_expr_t *const *replacements,
                           const ob_expr_t **args, const ob_expr_t **result) {
  bool changed = false;
  for (uint32_t i = 0; i < expr->count; i++) {
    OB_TRY(ob_expr_substitute(pool, expr->args[i], replacements, &args[i]));
    changed |= args[i] != expr->args[i];
  }
  *result = expr;
  return changed ? ob_expr_make(pool, expr->op, args, expr->count, result) : OB_OK;
}

ob_status_t ob_expr_substitute(ob_expr_pool_t *pool, const ob_expr_t *expr, const ob_expr_t *const *replacements,
                               const ob_expr_t **result) {
  *result = expr;
  if (expr->op == OB_EXPR_SYMBOL && replacements[expr->value]) *result = replacements[expr->value];
  if (expr->count == 0) return OB_OK;
  const ob_expr_t **args;
  OB_TRY(OB_NEW_ARRAY(pool->arena->allocator, expr->count, &args));
  ob_status_t status = rebuild(pool, expr, replacements, args, result);
  ob_free(pool->arena->allocator, args);
  return status;
}
