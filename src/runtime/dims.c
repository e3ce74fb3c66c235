/* Options on dims: symbols fixed to a number or bounded, and numbers that are likely for the others. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "op/op.h"
#include "runtime/model.h"

/* ---------------------------------------------------------------- parsing */

typedef struct dim_option {
  char name[128];
  int64_t min, max, typical; /* typical 0: none */
} dim_option_t;

static bool parse_number(const char **text, int64_t *value) {
  char *end;
  errno = 0;
  long long number = strtoll(*text, &end, 10);
  if (end == *text || errno != 0 || number < 0) return false;
  *text = end;
  *value = number;
  return true;
}

/* NAME=N, NAME=LOW:HIGH, each with ",typical=N" behind. */
static bool parse_option(const char *text, dim_option_t *option) {
  static const char typical[] = ",typical=";
  const char *equals = strrchr(text, '='), *at;
  const char *tail = strstr(text, typical);
  if (tail) {
    equals = memrchr(text, '=', (size_t)(tail - text));
    at = tail + sizeof typical - 1;
    if (!parse_number(&at, &option->typical) || *at) return false;
  }
  if (!equals || equals == text || (size_t)(equals - text) >= sizeof option->name) return false;
  memcpy(option->name, text, (size_t)(equals - text));
  at = equals + 1;
  if (!parse_number(&at, &option->min)) return false;
  option->max = option->min;
  if (*at == ':' && (at++, !parse_number(&at, &option->max))) return false;
  return (tail ? at == tail : !*at) && option->min <= option->max;
}

/* ---------------------------------------------------------------- fixing */

typedef struct fixer {
  ob_module_t *module;
  const ob_expr_t **replacements; /* [symbol] */
} fixer_t;

static ob_status_t fix_list(const fixer_t *fixer, const ob_expr_t *const **exprs, size_t count) {
  const ob_expr_t **list;
  if (!*exprs || count == 0) return OB_OK;
  OB_TRY(OB_ARENA_ARRAY(&fixer->module->arena, count, &list));
  for (size_t i = 0; i < count; i++)
    OB_TRY(ob_expr_substitute(fixer->module->exprs, (*exprs)[i], fixer->replacements, &list[i]));
  *exprs = list;
  return OB_OK;
}

static ob_status_t fix_type(const fixer_t *fixer, ob_type_t *type) {
  if (type->element) OB_TRY(fix_type(fixer, (ob_type_t *)(uintptr_t)type->element));
  return type->kind == OB_TENSOR && type->rank > 0 ? fix_list(fixer, &type->dims, (size_t)type->rank) : OB_OK;
}

static ob_status_t fix_graph(const fixer_t *fixer, ob_graph_t *graph) {
  for (size_t v = 0; v < graph->values.count; v++) {
    ob_value_t *value = graph->values.items[v];
    OB_TRY(fix_type(fixer, &value->type));
    OB_TRY(fix_list(fixer, &value->content, value->content_count));
  }
  for (size_t n = 0; n < graph->nodes.count; n++)
    for (size_t a = 0; a < graph->nodes.items[n]->attribute_count; a++)
      OB_TRY(fix_list(fixer, &graph->nodes.items[n]->attributes[a].ints, graph->nodes.items[n]->attributes[a].count));
  return OB_OK;
}

static ob_status_t fix_all(const fixer_t *fixer) {
  ob_module_t *module = fixer->module;
  for (size_t g = 0; g < module->graphs.count; g++) OB_TRY(fix_graph(fixer, module->graphs.items[g]));
  for (size_t i = 0; i < module->guards.count; i++)
    OB_TRY(ob_expr_substitute(module->exprs, module->guards.items[i].expr, fixer->replacements, &module->guards.items[i].expr));
  return ob_infer_graph(module->main);
}

static ob_status_t fail_unknown(const ob_module_t *module, const char *name) {
  char known[256] = "";
  size_t used = 0;
  for (size_t i = 0; i < ob_expr_symbol_count(module->exprs) && used + 100 < sizeof known; i++) {
    const ob_symbol_t *symbol = ob_expr_symbol_at(module->exprs, i);
    if (symbol->source != OB_SYMBOL_DIM) continue;
    used += (size_t)snprintf(known + used, sizeof known - used, "%s%s", used > 0 ? ", " : "", ob_quote(symbol->name));
  }
  return ob_fail(OB_INVALID_ARGUMENT, "the model has no dim called '%s'; it has %s", ob_quote(name), used > 0 ? known : "none");
}

/* One option: a bound goes to the symbol, a number into `fixer`. */
static ob_status_t apply(const fixer_t *fixer, const char *text, bool *fixed) {
  ob_module_t *module = fixer->module;
  dim_option_t option = {0};
  if (!parse_option(text, &option))
    return ob_fail(OB_INVALID_ARGUMENT, "'%s' does not set a dim: NAME=N, NAME=LOW:HIGH, with ,typical=N if you like", ob_quote(text));
  ob_symbol_t *symbol = ob_expr_symbol_find(module->exprs, option.name);
  if (!symbol) return fail_unknown(module, option.name);
  symbol->min = option.min;
  symbol->max = option.max;
  symbol->typical = option.typical;
  if (option.min != option.max) return OB_OK;
  *fixed = true;
  return ob_expr_const(module->exprs, option.min, &fixer->replacements[symbol->expr->value]);
}

ob_status_t ob_dims_apply(ob_module_t *module, const char *const *dims) {
  fixer_t fixer = {.module = module};
  bool fixed = false;
  if (!dims || !dims[0]) return OB_OK;
  OB_TRY(OB_NEW_ARRAY(module->allocator, ob_expr_symbol_count(module->exprs), &fixer.replacements));
  ob_status_t status = OB_OK;
  for (size_t i = 0; status == OB_OK && dims[i]; i++) status = apply(&fixer, dims[i], &fixed);
  if (status == OB_OK && fixed) status = fix_all(&fixer);
  ob_free(module->allocator, fixer.replacements);
  return status;
}

/* ---------------------------------------------------------------- likely numbers */

void ob_symbols_typical(const ob_module_t *module, int64_t *values) {
  for (size_t i = 0; i < ob_expr_symbol_count(module->exprs); i++) {
    const ob_symbol_t *symbol = ob_expr_symbol_at(module->exprs, i);
    /* axis 0 is the batch more often than not; other axes are lengths, heights, widths */
    int64_t value = symbol->typical > 0 ? symbol->typical : symbol->source == OB_SYMBOL_DIM && symbol->index == 0 ? 1 : 64;
    if (value > symbol->max) value = symbol->max;
    if (value < symbol->min) value = symbol->min;
    values[i] = value;
  }
}
