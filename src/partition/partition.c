/* The partitioner: assign, group, give back, outline; for each graph that the host runs. */
#include "partition/partition.h"

#include <string.h>

#include "partition/internal.h"

/* One "engine=Op" of a contract. */
typedef struct {
  const char *engine, *op;
  size_t engine_size, op_size;
} term_t;

static bool next_term(const char **text, term_t *term) {
  if (!*text || !**text) return false;
  size_t size = strcspn(*text, ",");
  const char *equals = memchr(*text, '=', size);
  *term = (term_t){*text, equals ? equals + 1 : *text + size, equals ? (size_t)(equals - *text) : size,
                   equals ? (size_t)(*text + size - equals - 1) : 0};
  *text += size + ((*text)[size] == ',');
  return true;
}

static bool same(const char *name, const char *text, size_t size) { return strlen(name) == size && memcmp(name, text, size) == 0; }

static bool is_operator(const term_t *term) {
  for (size_t i = 0; i < ob_op_count(); i++)
    if (same(ob_op_at(i)->name, term->op, term->op_size)) return true;
  return false;
}

static ob_status_t check_terms(const ob_partition_options_t *options, const char *what, const char *text) {
  for (term_t term; next_term(&text, &term);) {
    bool known = false;
    for (size_t c = 0; c < options->candidate_count; c++) known |= same(options->candidates[c].name, term.engine, term.engine_size);
    if (term.op_size == 0)
      return ob_fail(OB_INVALID_ARGUMENT, "%s: '%s' is not ENGINE=OPERATOR", what, ob_quote_n(term.engine, term.engine_size));
    if (!known)
      return ob_fail(OB_INVALID_ARGUMENT, "%s: engine '%s' is not among the engines of this compilation", what,
                     ob_quote_n(term.engine, term.engine_size));
    if (!is_operator(&term))
      return ob_fail(OB_INVALID_ARGUMENT, "%s: there is no operator '%s'; 'outboard ops' lists them", what, ob_quote_n(term.op, term.op_size));
  }
  return OB_OK;
}

bool ob_partition_forbids(const ob_partition_options_t *options, const char *engine, const char *op) {
  const char *text = options->forbid;
  for (term_t term; next_term(&text, &term);)
    if (same(engine, term.engine, term.engine_size) && same(op, term.op, term.op_size)) return true;
  return false;
}

/* The contract's say on one node. */
static ob_status_t check_contract(const ob_partitioning_t *p, const ob_node_t *node) {
  const char *text = p->options->require;
  int engine = p->nodes[node->id].engine;
  if (engine == OB_NO_ENGINE) return OB_OK;
  const char *has = p->options->candidates[engine].name;
  for (term_t term; next_term(&text, &term);) {
    if (!same(node->op->name, term.op, term.op_size) || same(has, term.engine, term.engine_size)) continue;
    const char *reason = "its region was given back to the engine around it";
    for (size_t i = 0; i < node->refusal_count; i++)
      if (same(node->refusals[i].engine, term.engine, term.engine_size)) reason = node->refusals[i].reason;
    return ob_fail(OB_UNSUPPORTED, "require %s=%s: node '%s' went to %s: %s", ob_quote_n(term.engine, term.engine_size),
                   node->op->name, ob_quote(node->name), has, reason);
  }
  return OB_OK;
}

static ob_status_t partition_graph(ob_graph_t *graph, const ob_partition_options_t *options, ob_arena_t *arena) {
  ob_partitioning_t p = {.options = options, .graph = graph, .arena = arena};
  OB_TRY(OB_ARENA_ARRAY(arena, graph->nodes.count, &p.nodes));
  OB_TRY(ob_partition_assign(&p));
  OB_TRY(ob_partition_edges(&p));
  for (bool changed = true; changed;) {
    OB_TRY(ob_partition_group(&p));
    OB_TRY(ob_partition_give_back(&p, &changed));
  }
  for (size_t i = 0; i < graph->nodes.count; i++) OB_TRY(check_contract(&p, graph->nodes.items[i]));
  return ob_partition_outline(&p);
}

/* Inner graphs first, so that the regions of a body have lower numbers than what follows it. */
static ob_status_t partition_nested(ob_graph_t *graph, const ob_partition_options_t *options, const ob_allocator_t *allocator) {
  for (size_t i = 0; i < graph->nodes.count; i++) {
    const ob_node_t *node = graph->nodes.items[i];
    for (size_t b = 0; b < node->body_count; b++) OB_TRY(partition_nested(node->bodies[b].graph, options, allocator));
  }
  ob_arena_t arena;
  ob_arena_init(&arena, allocator);
  ob_status_t status = partition_graph(graph, options, &arena);
  ob_arena_free(&arena);
  return status;
}

ob_status_t ob_partition(ob_module_t *module, const ob_partition_options_t *options) {
  if (options->candidate_count == 0 || options->candidate_count > OB_MAX_CANDIDATES)
    return ob_fail(OB_INVALID_ARGUMENT, "%zu engines to choose from, expected 1 to %d", options->candidate_count, OB_MAX_CANDIDATES);
  OB_TRY(check_terms(options, "require", options->require));
  OB_TRY(check_terms(options, "forbid", options->forbid));
  OB_TRY(partition_nested(module->main, options, module->allocator));
  return ob_module_compact(module);
}
