/* Reports as text of at most 100 columns. */
#include <stdio.h>
#include <string.h>

#include "runtime/report.h"

enum { COLUMNS = 100 };

/* Words wrapped at COLUMNS, later lines indented, made safe for terminals. `at`: column where the text begins. */
static void wrap(ob_str_t *out, const char *words, size_t at, size_t indent) {
  size_t column = at;
  bool first = true; /* on its line */
  while (*words) {
    size_t length = strcspn(words, " ");
    const char *word = ob_quote_n(words, length); /* cuts what is longer than a line: names of models may be anything */
    size_t width = strlen(word);
    if (!first && column + 1 + width > COLUMNS) {
      ob_str_printf(out, "\n%*s", (int)indent, "");
      column = indent;
    } else if (!first) {
      ob_str_append(out, " ");
      column++;
    }
    size_t room = COLUMNS - column;
    ob_str_append_n(out, word, width < room ? width : room);
    column += width < room ? width : room;
    first = false;
    words += length;
    words += strspn(words, " ");
  }
  ob_str_append(out, "\n");
}

static void print_values(const ob_facts_t *facts, ob_value_t *const *values, size_t count, const char *what, ob_str_t *out) {
  for (size_t i = 0; i < count; i++) {
    ob_str_t type;
    ob_str_init(&type, facts->model->allocator);
    ob_type_print(facts->model->module->exprs, &values[i]->type, &type);
    ob_str_printf(out, "%-9s %-30.60s ", i == 0 ? what : "", ob_quote(values[i]->name));
    wrap(out, type.text ? type.text : "?", 41, 41);
    ob_str_free(&type);
  }
}

static void print_symbols(const ob_facts_t *facts, ob_str_t *out) {
  const ob_expr_pool_t *pool = facts->model->module->exprs;
  size_t shown = 0;
  for (size_t i = 0; i < facts->model->symbol_count; i++) {
    const ob_symbol_t *symbol = ob_expr_symbol_at(pool, i);
    if (symbol->source != OB_SYMBOL_DIM) continue;
    ob_str_printf(out, "%-9s %-30.60s at least %lld", shown++ == 0 ? "dims" : "", ob_quote(symbol->name), (long long)symbol->min);
    if (symbol->max != INT64_MAX) ob_str_printf(out, ", at most %lld", (long long)symbol->max);
    ob_str_printf(out, ", likely %lld\n", (long long)facts->model->typical[i]);
  }
}

static void print_size(ob_str_t *out, const char *label, const char *what, size_t bytes) {
  ob_str_printf(out, "%-9s %-30s ", label, what);
  ob_report_bytes(out, bytes);
  ob_str_append(out, "\n");
}

/* Bytes, or why there is no telling. */
static void print_arena(ob_str_t *out, const char *what, bool known, size_t bytes, const char *problem) {
  if (known) {
    print_size(out, "", what, bytes);
    return;
  }
  ob_str_printf(out, "%-9s %-30s ", "", what);
  wrap(out, problem, 41, 41);
}

static void print_sizes(const ob_facts_t *facts, ob_str_t *out) {
  const ob_report_memory_t *memory = &facts->memory;
  print_size(out, "sizes", "constants", facts->constant_bytes);
  print_size(out, "", "packed for engines", facts->packed_bytes);
  print_size(out, "", "built by engines", facts->blob_bytes);
  print_size(out, "memory", "all values, at likely sizes", memory->total_bytes);
  print_size(out, "", "the most alive at once", memory->lower_bound);
  print_arena(out, "planned arena", memory->known, memory->arena_bytes, memory->problem);
  if (facts->model->symbol_count > 0) print_arena(out, "arena for all shapes", memory->bounded, memory->largest_bytes, memory->unbounded);
}

static ob_status_t print_engines(const ob_facts_t *facts, ob_str_t *out) {
  ob_op_counts_t counts;
  OB_TRY(ob_facts_count(facts, &counts));
  for (size_t i = 0; i < counts.count;) {
    ob_str_t line;
    uint32_t total = 0;
    size_t k = i;
    ob_str_init(&line, facts->model->allocator);
    for (; k < counts.count && strcmp(counts.items[k].engine, counts.items[i].engine) == 0; k++) {
      ob_str_printf(&line, "%s%s %u", k > i ? ", " : "", counts.items[k].op, counts.items[k].count);
      total += counts.items[k].count;
    }
    ob_str_printf(out, "%-9s %-10s %6u %s: ", i == 0 ? "nodes" : "", counts.items[i].engine, total, total == 1 ? "node " : "nodes");
    wrap(out, line.text ? line.text : "", 35, 35);
    ob_str_free(&line);
    i = k;
  }
  ob_array_free(facts->model->allocator, &counts);
  return OB_OK;
}

/* A reason without the operator's name in front of it. */
static const char *bare_reason(const ob_node_t *node, const ob_refusal_t *refusal) {
  size_t length = strlen(node->op->name);
  bool named = strncmp(refusal->reason, node->op->name, length) == 0 && strncmp(refusal->reason + length, ": ", 2) == 0;
  return refusal->reason + (named ? length + 2 : 0);
}

/* The first refusal of a node that has the same engine and reason; NULL: none. */
static const ob_refusal_t *same_refusal(const ob_node_t *node, const char *engine, const char *reason) {
  for (size_t i = 0; i < node->refusal_count; i++)
    if (strcmp(node->refusals[i].engine, engine) == 0 && strcmp(bare_reason(node, &node->refusals[i]), reason) == 0) return &node->refusals[i];
  return NULL;
}

/* Appends the name of node `n`'s operator unless an earlier node of the list has given it. */
static void list_op(const ob_graph_t *body, size_t n, const char *engine, const char *reason, ob_str_t *line) {
  const ob_node_t *node = body->nodes.items[n];
  for (size_t k = 0; k < n; k++)
    if (body->nodes.items[k]->op == node->op && same_refusal(body->nodes.items[k], engine, reason)) return;
  ob_str_printf(line, "%s%s", line->text && line->text[0] ? ", " : "", node->op->name);
}

/* A line for each reason, with the operators that it was given for. */
static void print_refusal(const ob_facts_t *facts, const ob_graph_t *body, size_t first, const ob_refusal_t *refusal, ob_str_t *out) {
  const char *reason = bare_reason(body->nodes.items[first], refusal);
  ob_str_t line;
  for (size_t n = 0; n < first; n++)
    if (same_refusal(body->nodes.items[n], refusal->engine, reason)) return; /* told there */
  ob_str_init(&line, facts->model->allocator);
  for (size_t n = first; n < body->nodes.count; n++)
    if (same_refusal(body->nodes.items[n], refusal->engine, reason)) list_op(body, n, refusal->engine, reason, &line);
  ob_str_printf(&line, ": %s", reason);
  ob_str_printf(out, "%22s not %s: ", "", refusal->engine);
  wrap(out, line.text ? line.text : "", 29 + strlen(refusal->engine), 26);
  ob_str_free(&line);
}

static void print_refusals(const ob_facts_t *facts, const ob_graph_t *body, ob_str_t *out) {
  for (size_t n = 0; n < body->nodes.count; n++)
    for (size_t i = 0; i < body->nodes.items[n]->refusal_count; i++) print_refusal(facts, body, n, &body->nodes.items[n]->refusals[i], out);
}

/* "sizes: batch, sequence; the engine accepts any; 1 instance" */
static void print_sizes_of(const ob_unit_t *unit, ob_str_t *out) {
  const ob_expr_pool_t *pool = unit->model->module->exprs;
  unsigned live = atomic_load(&unit->live);
  ob_str_t line;
  if (unit->symbol_count == 0) return;
  ob_str_init(&line, unit->model->allocator);
  for (size_t i = 0; i < unit->symbol_count; i++)
    ob_str_printf(&line, "%s%s", i > 0 ? ", " : "", ob_quote(ob_expr_symbol_at(pool, unit->symbols[i])->name));
  ob_str_printf(&line, "; the engine accepts %s; %u %s", ob_accepts_name(atomic_load(&unit->backend)->accepts), live,
                live == 1 ? "instance" : "instances");
  ob_str_printf(out, "%22ssizes: ", "");
  wrap(out, line.text ? line.text : "", 29, 26);
  ob_str_free(&line);
}

static void print_regions(const ob_facts_t *facts, ob_str_t *out) {
  const ob_model_t *model = facts->model;
  for (size_t r = 0; r < model->unit_count; r++) {
    const ob_region_t *region = model->units[r]->region;
    const ob_backend_t *backend = atomic_load(&model->units[r]->backend);
    const char *engine = backend->engine->name;
    ob_str_printf(out, "%-9s %-20.40s %-10s %4zu %s ", r == 0 ? "regions" : "", ob_quote(region->symbol), engine,
                  region->body->nodes.count, region->body->nodes.count == 1 ? "node " : "nodes");
    wrap(out, region->why ? region->why : "", 53, 53);
    if (strcmp(engine, region->engine) != 0) {
      ob_str_printf(out, "%22splaced on %s, which cannot be used here: ", "", ob_quote(region->engine));
      wrap(out, backend->moved ? backend->moved : "", 63 + strlen(ob_quote(region->engine)), 26);
    }
    print_sizes_of(model->units[r], out);
    print_refusals(facts, region->body, out);
  }
}

ob_status_t ob_report_text(const ob_facts_t *facts, ob_str_t *out) {
  const ob_graph_t *main = facts->model->module->main;
  ob_str_printf(out, "%-9s %s\n", "graph", ob_quote(main->name));
  print_values(facts, main->inputs.items, main->inputs.count, "inputs", out);
  print_values(facts, main->outputs.items, main->outputs.count, "outputs", out);
  print_symbols(facts, out);
  print_sizes(facts, out);
  OB_TRY(print_engines(facts, out));
  print_regions(facts, out);
  return OB_OK;
}
