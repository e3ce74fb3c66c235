/* Dependencies between nodes: data, and run-time symbols that one node introduces and another's shapes need. */
#include <string.h>

#include "partition/internal.h"

/* Which symbols occur in a value's type and content. */
static void mark_value(const ob_value_t *value, bool *used) {
  if (!value) return;
  for (int32_t i = 0; i < value->type.rank; i++) ob_expr_symbols_used(value->type.dims[i], used);
  for (size_t i = 0; i < value->content_count; i++) ob_expr_symbols_used(value->content[i], used);
}

static void mark_node(const ob_node_t *node, bool outputs, bool *used) {
  if (outputs) {
    for (size_t i = 0; i < node->output_count; i++) mark_value(node->outputs[i], used);
    return;
  }
  for (size_t i = 0; i < node->input_count; i++) mark_value(node->inputs[i], used);
  for (size_t b = 0; b < node->body_count; b++)
    for (size_t i = 0; i < node->bodies[b].capture_count; i++) mark_value(node->bodies[b].captures[i], used);
  for (size_t a = 0; a < node->attribute_count; a++)
    if (node->attributes[a].ints)
      for (size_t i = 0; i < node->attributes[a].count; i++) ob_expr_symbols_used(node->attributes[a].ints[i], used);
}

static ob_status_t add_edge(ob_partitioning_t *p, uint32_t from, uint32_t to) {
  if (p->edge_count == p->edge_capacity) {
    size_t capacity = p->edge_capacity ? p->edge_capacity * 2 : 256;
    uint32_t *edges;
    OB_TRY(OB_ARENA_ARRAY(p->arena, 2 * capacity, &edges));
    if (p->edge_count > 0) memcpy(edges, p->edges, 2 * p->edge_count * sizeof *edges);
    p->edges = edges;
    p->edge_capacity = capacity;
  }
  p->edges[2 * p->edge_count] = from;
  p->edges[2 * p->edge_count + 1] = to;
  p->edge_count++;
  return OB_OK;
}

static ob_status_t data_edge(ob_partitioning_t *p, const ob_value_t *value, uint32_t to) {
  return value && value->producer ? add_edge(p, value->producer->id, to) : OB_OK;
}

static bool is_open(const ob_value_t *value) {
  return value && (value->type.kind != OB_TENSOR || value->type.rank < 0 || value->type.dtype == OB_STRING);
}

/* Values of unknown rank, strings and collections pass through the host one node at a time. */
static bool touches_open_values(const ob_node_t *node) {
  for (size_t i = 0; i < node->input_count; i++)
    if (is_open(node->inputs[i])) return true;
  for (size_t i = 0; i < node->output_count; i++)
    if (is_open(node->outputs[i])) return true;
  return false;
}

/* Run-time symbols in sight of one node. */
typedef struct {
  size_t count;
  bool *run;    /* the symbol is of source OB_SYMBOL_RUN */
  bool *given;  /* it comes with the graph's inputs */
  bool *in, *out;
  uint32_t *introducer; /* node id + 1; 0: none */
} symbols_t;

static ob_status_t init_symbols(ob_partitioning_t *p, symbols_t *s, bool *any) {
  const ob_expr_pool_t *pool = p->graph->module->exprs;
  s->count = ob_expr_symbol_count(pool);
  OB_TRY(OB_ARENA_ARRAY(p->arena, s->count, &s->run));
  OB_TRY(OB_ARENA_ARRAY(p->arena, s->count, &s->given));
  OB_TRY(OB_ARENA_ARRAY(p->arena, s->count, &s->in));
  OB_TRY(OB_ARENA_ARRAY(p->arena, s->count, &s->out));
  OB_TRY(OB_ARENA_ARRAY(p->arena, s->count, &s->introducer));
  *any = false;
  for (size_t i = 0; i < s->count; i++) *any |= s->run[i] = ob_expr_symbol_at(pool, i)->source == OB_SYMBOL_RUN;
  for (size_t i = 0; i < p->graph->inputs.count; i++) mark_value(p->graph->inputs.items[i], s->given);
  return OB_OK;
}

static void look_at(symbols_t *s, const ob_node_t *node) {
  memcpy(s->in, s->given, s->count);
  memset(s->out, 0, s->count);
  mark_node(node, false, s->in);
  mark_node(node, true, s->out);
}

/* The node that introduces a symbol has it in its outputs and not in its inputs. Who else has it, depends on that node, even where
 * no data flows between them: a folded shape chain leaves only the expression. */
static ob_status_t symbol_edges(ob_partitioning_t *p) {
  const ob_graph_t *graph = p->graph;
  symbols_t s;
  bool any;
  OB_TRY(init_symbols(p, &s, &any));
  if (!any) return OB_OK;
  for (uint32_t i = 0; i < graph->nodes.count; i++) {
    look_at(&s, graph->nodes.items[i]);
    for (size_t k = 0; k < s.count; k++)
      if (s.run[k] && s.out[k] && !s.in[k] && s.introducer[k] == 0) s.introducer[k] = i + 1, p->nodes[i].dynamic = true;
  }
  for (uint32_t i = 0; i < graph->nodes.count; i++) {
    look_at(&s, graph->nodes.items[i]);
    for (size_t k = 0; k < s.count; k++)
      if ((s.in[k] || s.out[k]) && s.introducer[k] > 0 && s.introducer[k] != i + 1) OB_TRY(add_edge(p, s.introducer[k] - 1, i));
  }
  return OB_OK;
}

ob_status_t ob_partition_edges(ob_partitioning_t *p) {
  const ob_graph_t *graph = p->graph;
  for (size_t i = 0; i < graph->nodes.count; i++) {
    const ob_node_t *node = graph->nodes.items[i];
    for (size_t k = 0; k < node->input_count; k++) OB_TRY(data_edge(p, node->inputs[k], node->id));
    for (size_t b = 0; b < node->body_count; b++)
      for (size_t k = 0; k < node->bodies[b].capture_count; k++) OB_TRY(data_edge(p, node->bodies[b].captures[k], node->id));
    p->nodes[i].dynamic = touches_open_values(node);
  }
  return symbol_edges(p);
}
