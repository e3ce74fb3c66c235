/* Prints what inference says about the values of a model: shape_tool MODEL.onnx [SYMBOL=N ...]
 *
 * One JSON object a line for each value but constants: its graph's index (0: main), name, element type, dims and content as texts,
 * and as numbers where the given symbols determine them. The last line has the guards and how they come out. */
#include <inttypes.h>
#include <outboard/outboard.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "import/onnx/onnx.h"
#include "op/op.h"

typedef struct bindings {
  int64_t *values;
  bool *known;
  size_t count;
} bindings_t;

static bool is_known(const ob_expr_t *expr, const bindings_t *b, bool *used) {
  memset(used, 0, b->count);
  ob_expr_symbols_used(expr, used);
  for (size_t i = 0; i < b->count; i++)
    if (used[i] && !b->known[i]) return false;
  return true;
}

static void print_expr(ob_expr_pool_t *exprs, const ob_expr_t *expr, const bindings_t *b, bool number) {
  const char *text;
  int64_t value;
  bool *used = calloc(b->count + 1, 1);
  if (!used) exit(1);
  if (!number)
    printf("\"%s\"", ob_expr_text(exprs, expr, &text) == OB_OK ? text : "?");
  else if (!is_known(expr, b, used))
    printf("null");
  else if (ob_expr_eval(expr, b->values, &value) == OB_OK)
    printf("%" PRId64, value);
  else
    printf("\"error\"");
  free(used);
}

static void print_list(ob_expr_pool_t *exprs, const char *key, const ob_expr_t *const *items, size_t count, const bindings_t *b,
                       bool number) {
  printf(", \"%s\": [", key);
  for (size_t i = 0; i < count; i++) {
    if (i) printf(", ");
    print_expr(exprs, items[i], b, number);
  }
  printf("]");
}

static void print_value(ob_module_t *module, const ob_graph_t *graph, const ob_value_t *value, const bindings_t *b) {
  const ob_type_t *type = &value->type;
  json_t *name = json_string(value->name);
  char *quoted = name ? json_dumps(name, JSON_ENCODE_ANY) : NULL;
  printf("{\"graph\": %u, \"name\": %s, \"kind\": %d, \"dtype\": \"%s\", \"rank\": %d", graph->index, quoted ? quoted : "\"?\"",
         (int)type->kind, ob_dtype_name(type->dtype), type->rank);
  free(quoted);
  json_decref(name);
  if (type->kind == OB_TENSOR && type->rank >= 0) {
    print_list(module->exprs, "dims", type->dims, (size_t)type->rank, b, false);
    print_list(module->exprs, "sizes", type->dims, (size_t)type->rank, b, true);
  }
  if (value->content) {
    print_list(module->exprs, "content", value->content, value->content_count, b, false);
    print_list(module->exprs, "numbers", value->content, value->content_count, b, true);
  }
  printf("}\n");
}

static void bind(ob_module_t *module, bindings_t *b, char **arguments, int count) {
  b->count = ob_expr_symbol_count(module->exprs);
  b->values = calloc(b->count + 1, sizeof *b->values);
  b->known = calloc(b->count + 1, sizeof *b->known);
  if (!b->values || !b->known) exit(1);
  for (int i = 0; i < count; i++) {
    char *equals = strchr(arguments[i], '=');
    if (!equals) continue;
    *equals = 0;
    ob_symbol_t *symbol = ob_expr_symbol_find(module->exprs, arguments[i]);
    if (!symbol) continue;
    size_t index = (size_t)symbol->expr->value;
    b->values[index] = strtoll(equals + 1, NULL, 10);
    b->known[index] = true;
  }
}

int main(int count, char **arguments) {
  ob_module_t *module = NULL;
  bindings_t b;
  if (count < 2) return 2;
  ob_status_t status = ob_import_onnx_file(arguments[1], NULL, &module);
  if (status == OB_OK) status = ob_infer_graph(module->main); /* a second time: the result must be the same */
  if (status != OB_OK) {
    fprintf(stderr, "%s\n", ob_error_message());
    ob_module_free(module);
    return 1;
  }
  bind(module, &b, arguments + 2, count - 2);
  for (size_t g = 0; g < module->graphs.count; g++)
    for (size_t i = 0; i < module->graphs.items[g]->values.count; i++)
      if (!module->graphs.items[g]->values.items[i]->constant)
        print_value(module, module->graphs.items[g], module->graphs.items[g]->values.items[i], &b);
  printf("{\"guards\": %zu", module->guards.count);
  for (size_t i = 0; i < module->guards.count; i++) {
    char key[32];
    snprintf(key, sizeof key, "%zu", i);
    print_list(module->exprs, key, &module->guards.items[i].expr, 1, &b, false);
    snprintf(key, sizeof key, "%zu value", i);
    print_list(module->exprs, key, &module->guards.items[i].expr, 1, &b, true);
  }
  printf("}\n");
  free(b.values);
  free(b.known);
  ob_module_free(module);
  return 0;
}
