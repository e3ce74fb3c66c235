/* Facts for reports: the model as one flat graph, with regions opened. See report.h. */
#include <string.h>

#include "runtime/report.h"

/* While the flat graph is made. */
typedef struct flattener {
  ob_facts_t *facts;
  const ob_allocator_t *allocator;
} flattener_t;

static ob_status_t add_node(flattener_t *f, ob_flat_node_t node, uint32_t *index) {
  *index = (uint32_t)f->facts->nodes.count;
  return ob_array_push(f->allocator, &f->facts->nodes, node);
}

static ob_status_t add_edge(flattener_t *f, const ob_value_t *value, uint32_t from, uint32_t to) {
  ob_flat_edge_t edge = {from, to, value};
  ob_flat_node_t *nodes = f->facts->nodes.items;
  if (from == UINT32_MAX) return OB_OK;
  if (nodes[to].layer <= nodes[from].layer) nodes[to].layer = nodes[from].layer + 1;
  return ob_array_push(f->allocator, &f->facts->edges, edge);
}

static uint32_t *source_of(flattener_t *f, const ob_graph_t *graph, const ob_value_t *value) {
  return &f->facts->sources[graph->index][value->id];
}

static ob_status_t flatten(flattener_t *f, const ob_graph_t *graph, const ob_unit_t *unit, uint32_t depth);

/* Links the inputs of a region's body to what the call is given, opens it, and links the outputs back. */
static ob_status_t open_region(flattener_t *f, const ob_graph_t *graph, const ob_node_t *call, uint32_t depth) {
  const ob_graph_t *body = call->region->body;
  for (size_t i = 0; i < call->input_count && i < body->inputs.count; i++)
    if (call->inputs[i]) *source_of(f, body, body->inputs.items[i]) = *source_of(f, graph, call->inputs[i]);
  OB_TRY(flatten(f, body, f->facts->model->units[call->region->index], depth));
  for (size_t o = 0; o < call->output_count && o < body->outputs.count; o++)
    if (call->outputs[o]) *source_of(f, graph, call->outputs[o]) = *source_of(f, body, body->outputs.items[o]);
  return OB_OK;
}

static ob_status_t open_body(flattener_t *f, const ob_graph_t *graph, const ob_body_t *body, uint32_t at, uint32_t depth) {
  size_t formal = body->graph->inputs.count - body->capture_count;
  for (size_t i = 0; i < body->graph->inputs.count; i++) {
    uint32_t source = i < formal ? at : *source_of(f, graph, body->captures[i - formal]);
    *source_of(f, body->graph, body->graph->inputs.items[i]) = source;
  }
  return flatten(f, body->graph, NULL, depth + 1);
}

static ob_status_t add_plain(flattener_t *f, const ob_graph_t *graph, const ob_node_t *node, const ob_unit_t *unit, uint32_t depth) {
  uint32_t at;
  OB_TRY(add_node(f, (ob_flat_node_t){.node = node, .unit = unit, .depth = depth}, &at));
  for (size_t i = 0; i < node->input_count; i++)
    if (node->inputs[i]) OB_TRY(add_edge(f, node->inputs[i], *source_of(f, graph, node->inputs[i]), at));
  for (size_t o = 0; o < node->output_count; o++)
    if (node->outputs[o]) *source_of(f, graph, node->outputs[o]) = at;
  for (size_t b = 0; b < node->body_count; b++) OB_TRY(open_body(f, graph, &node->bodies[b], at, depth));
  return OB_OK;
}

static ob_status_t flatten(flattener_t *f, const ob_graph_t *graph, const ob_unit_t *unit, uint32_t depth) {
  for (size_t n = 0; n < graph->nodes.count; n++) {
    const ob_node_t *node = graph->nodes.items[n];
    OB_TRY(node->region ? open_region(f, graph, node, depth) : add_plain(f, graph, node, unit, depth));
  }
  return OB_OK;
}

static ob_status_t flatten_model(flattener_t *f) {
  ob_facts_t *facts = f->facts;
  const ob_module_t *module = facts->model->module;
  const ob_graph_t *main = module->main;
  uint32_t at;
  OB_TRY(OB_ARENA_ARRAY(&facts->arena, module->graphs.count, &facts->sources));
  for (size_t g = 0; g < module->graphs.count; g++) {
    size_t count = module->graphs.items[g]->values.count;
    OB_TRY(OB_ARENA_ARRAY(&facts->arena, count, &facts->sources[g]));
    memset(facts->sources[g], 0xff, count * sizeof **facts->sources);
  }
  for (size_t i = 0; i < main->inputs.count; i++) {
    OB_TRY(add_node(f, (ob_flat_node_t){.value = main->inputs.items[i]}, &at));
    *source_of(f, main, main->inputs.items[i]) = at;
  }
  OB_TRY(flatten(f, main, NULL, 0));
  for (size_t o = 0; o < main->outputs.count; o++) {
    OB_TRY(add_node(f, (ob_flat_node_t){.value = main->outputs.items[o], .is_output = true}, &at));
    OB_TRY(add_edge(f, main->outputs.items[o], *source_of(f, main, main->outputs.items[o]), at));
  }
  return OB_OK;
}

static void add_sizes(ob_facts_t *facts) {
  const ob_module_t *module = facts->model->module;
  for (size_t i = 0; i < module->constants.count; i++)
    if (module->constants.items[i]->data) facts->constant_bytes += module->constants.items[i]->bytes;
  for (size_t r = 0; r < module->regions.count; r++) {
    const ob_region_t *region = module->regions.items[r];
    for (size_t i = 0; i < region->packed.count; i++) facts->packed_bytes += region->packed.items[i].bytes;
    facts->blob_bytes += region->blob_bytes;
  }
}

ob_status_t ob_facts_gather(const ob_model_t *model, ob_facts_t *facts) {
  flattener_t f = {facts, model->allocator};
  *facts = (ob_facts_t){.model = model};
  ob_arena_init(&facts->arena, model->allocator);
  add_sizes(facts);
  ob_status_t status = flatten_model(&f);
  if (status == OB_OK) status = ob_facts_memory(facts);
  if (status != OB_OK) ob_facts_free(facts);
  return status;
}

void ob_facts_free(ob_facts_t *facts) {
  ob_array_free(facts->model->allocator, &facts->nodes);
  ob_array_free(facts->model->allocator, &facts->edges);
  ob_arena_free(&facts->arena);
}

const char *ob_flat_engine(const ob_flat_node_t *node) {
  if (!node->node) return "";
  return node->unit ? atomic_load(&node->unit->backend)->engine->name : "host";
}

const char *ob_accepts_name(ob_accepts_t accepts) {
  return accepts == OB_ACCEPTS_ANY ? "any" : accepts == OB_ACCEPTS_RANGE ? "range" : "exact";
}

void ob_report_bytes(ob_str_t *out, size_t bytes) {
  static const char *const units[] = {"B", "KB", "MB", "GB"};
  double size = (double)bytes;
  size_t unit = 0;
  while (size >= 1000 && unit < 3) size /= 1000, unit++;
  ob_str_printf(out, unit == 0 ? "%.0f %s" : size < 10 ? "%.2f %s" : "%.1f %s", size, units[unit]);
}

/* ---------------------------------------------------------------- counts */

static ob_status_t count_one(const ob_facts_t *facts, const char *engine, const char *op, ob_op_counts_t *counts) {
  for (size_t i = 0; i < counts->count; i++)
    if (strcmp(counts->items[i].engine, engine) == 0 && strcmp(counts->items[i].op, op) == 0) {
      counts->items[i].count++;
      return OB_OK;
    }
  ob_op_count_t fresh = {engine, op, 1};
  return ob_array_push(facts->model->allocator, counts, fresh);
}

static size_t first_of(const ob_op_counts_t *counts, const char *engine) {
  size_t i = 0;
  while (strcmp(counts->items[i].engine, engine) != 0) i++;
  return i;
}

/* Insertion sort: there are few operators, and the order of equals must not depend on the library's qsort. */
static void sort_counts(ob_op_counts_t *counts, const ob_op_counts_t *order) {
  for (size_t i = 1; i < counts->count; i++)
    for (size_t k = i; k > 0; k--) {
      ob_op_count_t *a = &counts->items[k - 1], *b = &counts->items[k];
      size_t first_a = first_of(order, a->engine), first_b = first_of(order, b->engine);
      bool right = first_a != first_b ? first_a < first_b : a->count != b->count ? a->count > b->count : strcmp(a->op, b->op) < 0;
      if (right) break;
      ob_op_count_t c = *a;
      *a = *b;
      *b = c;
    }
}

ob_status_t ob_facts_count(const ob_facts_t *facts, ob_op_counts_t *counts) {
  const ob_allocator_t *allocator = facts->model->allocator;
  ob_op_counts_t order = {0};
  ob_status_t status = OB_OK;
  *counts = (ob_op_counts_t){0};
  for (size_t i = 0; status == OB_OK && i < facts->nodes.count; i++)
    if (facts->nodes.items[i].node)
      status = count_one(facts, ob_flat_engine(&facts->nodes.items[i]), facts->nodes.items[i].node->op->name, counts);
  for (size_t i = 0; status == OB_OK && i < counts->count; i++) status = ob_array_push(allocator, &order, counts->items[i]);
  if (status == OB_OK) sort_counts(counts, &order);
  else ob_array_free(allocator, counts);
  ob_array_free(allocator, &order);
  return status;
}
