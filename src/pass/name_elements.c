/* Gives symbols to the elements of small integer inputs where sizes depend on them: the repeats of a Tile, the limit of a Range. What was
 * known only at run time (u_0) is then an expression, and the region that makes it is planned before it runs. */
#include "pass/pass.h"

/* A call with other elements is planned anew: only inputs of a few. */
enum { MOST = 16 };

static bool is_small_integer(const ob_value_t *value) {
  const ob_type_t *type = &value->type;
  if (type->kind != OB_TENSOR || (type->dtype != OB_INT32 && type->dtype != OB_INT64) || value->content) return false;
  if (type->rank == 0) return true;
  return type->rank == 1 && type->dims[0]->op == OB_EXPR_CONST && type->dims[0]->value > 0 && type->dims[0]->value <= MOST;
}

static bool is_open(const ob_module_t *module, const ob_type_t *type) {
  if (type->kind != OB_TENSOR) return false;
  if (type->rank < 0) return true;
  for (int32_t d = 0; d < type->rank; d++)
    if (ob_expr_is_run_time(module->exprs, type->dims[d])) return true;
  return false;
}

/* Calls visit(arg, value) for what the nodes of the main graph make. */
static void each_value(const ob_graph_t *graph, void (*visit)(void *arg, ob_value_t *value), void *arg) {
  for (size_t i = 0; i < graph->nodes.count; i++)
    for (size_t k = 0; k < graph->nodes.items[i]->output_count; k++)
      if (graph->nodes.items[i]->outputs[k]) visit(arg, graph->nodes.items[i]->outputs[k]);
}

typedef struct search {
  const ob_module_t *module;
  bool any;   /* a size is known only at run time */
  bool *used; /* [symbol] in a size */
} search_t;

static void find_open(void *arg, ob_value_t *value) {
  search_t *search = arg;
  search->any = search->any || is_open(search->module, &value->type);
}

static void find_used(void *arg, ob_value_t *value) {
  const search_t *search = arg;
  for (int32_t d = 0; value->type.kind == OB_TENSOR && d < value->type.rank; d++) ob_expr_symbols_used(value->type.dims[d], search->used);
}

/* What follows from contents must be found again. */
static void forget(void *arg, ob_value_t *value) {
  (void)arg;
  value->content = NULL;
  value->content_count = 0;
}

static ob_status_t infer_again(ob_module_t *module) {
  each_value(module->main, forget, NULL);
  return ob_infer_graph(module->main);
}

static ob_status_t name(ob_module_t *module, uint32_t input) {
  ob_value_t *value = module->main->inputs.items[input];
  const size_t count = value->type.rank == 0 ? 1 : (size_t)value->type.dims[0]->value;
  const ob_expr_t **content;
  OB_TRY(OB_ARENA_ARRAY(&module->arena, count, &content));
  for (uint32_t i = 0; i < count; i++) {
    const char *text;
    OB_TRY(ob_arena_printf(&module->arena, &text, count > 1 || value->type.rank == 1 ? "%s_at_%u" : "%s", value->name, i));
    OB_TRY(ob_expr_symbol(module->exprs, text, OB_SYMBOL_ELEMENT, input, i, &content[i]));
  }
  value->content = content;
  value->content_count = count;
  return OB_OK;
}

static bool is_used(const ob_value_t *value, const bool *used) {
  for (size_t i = 0; i < value->content_count; i++)
    if (used[value->content[i]->value]) return true;
  return false;
}

/* Contents that no size depends on are data. */
static ob_status_t drop_unused(ob_module_t *module, const bool *named, bool keep, bool *dropped) {
  ob_arena_t arena;
  search_t search = {.module = module};
  ob_arena_init(&arena, module->arena.allocator);
  ob_status_t status = OB_ARENA_ARRAY(&arena, ob_expr_symbol_count(module->exprs), &search.used);
  if (status == OB_OK && keep) each_value(module->main, find_used, &search);
  for (size_t i = 0; status == OB_OK && i < module->main->inputs.count; i++) {
    ob_value_t *value = module->main->inputs.items[i];
    if (!named[i] || is_used(value, search.used)) continue;
    value->content = NULL;
    value->content_count = 0;
    *dropped = true;
  }
  ob_arena_free(&arena);
  return status;
}

static ob_status_t name_all(ob_module_t *module, bool *named) {
  bool any = false, dropped = false;
  for (uint32_t i = 0; i < module->main->inputs.count; i++) {
    if (!is_small_integer(module->main->inputs.items[i])) continue;
    OB_TRY(name(module, i));
    named[i] = any = true;
  }
  if (!any) return OB_OK;
  const ob_status_t status = infer_again(module);
  if (status == OB_OUT_OF_MEMORY) return status;
  OB_TRY(drop_unused(module, named, status == OB_OK, &dropped)); /* an expression may have become too long */
  return dropped ? infer_again(module) : OB_OK;
}

ob_status_t ob_pass_name_elements(ob_module_t *module) {
  search_t search = {.module = module};
  ob_arena_t arena;
  bool *named;
  each_value(module->main, find_open, &search);
  if (!search.any) return OB_OK;
  ob_arena_init(&arena, module->arena.allocator);
  ob_status_t status = OB_ARENA_ARRAY(&arena, module->main->inputs.count, &named);
  if (status == OB_OK) status = name_all(module, named);
  ob_arena_free(&arena);
  return status;
}
