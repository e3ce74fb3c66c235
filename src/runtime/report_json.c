/* Reports as JSON. Keys are in a fixed order; names are whatever the model says, escaped by the writer. */
#include <string.h>

#include "base/json.h"
#include "runtime/report.h"

/* jansson's functions that end in _new take what they are given, also when they fail. */
static ob_status_t done(int failed) { return failed ? ob_fail_memory() : OB_OK; }

static ob_status_t set(json_t *object, const char *key, json_t *member) {
  return done(json_object_set_new(object, key, member));
}

/* A child that the parent owns; borrowed afterwards. */
static ob_status_t child(json_t *object, const char *key, json_t *fresh, json_t **member) {
  *member = fresh;
  return set(object, key, fresh);
}

static ob_status_t append(json_t *array, json_t **object) {
  *object = json_object();
  return done(json_array_append_new(array, *object));
}

static json_t *text(const char *string) { return string ? json_string(string) : json_null(); }
static json_t *size(size_t bytes) { return json_integer((json_int_t)bytes); }

static ob_status_t set_type(const ob_facts_t *facts, json_t *object, const ob_type_t *type) {
  ob_str_t str;
  ob_str_init(&str, facts->model->allocator);
  ob_type_print(facts->model->module->exprs, type, &str);
  ob_status_t status = str.status == OB_OK ? set(object, "type", text(str.text)) : str.status;
  ob_str_free(&str);
  return status;
}

static ob_status_t put_values(const ob_facts_t *facts, json_t *root, const char *key, ob_value_t *const *values, size_t count) {
  json_t *array, *one;
  OB_TRY(child(root, key, json_array(), &array));
  for (size_t i = 0; i < count; i++) {
    OB_TRY(append(array, &one));
    OB_TRY(set(one, "name", text(values[i]->name)));
    OB_TRY(set_type(facts, one, &values[i]->type));
  }
  return OB_OK;
}

static ob_status_t put_symbols(const ob_facts_t *facts, json_t *root) {
  const ob_expr_pool_t *pool = facts->model->module->exprs;
  json_t *array, *one;
  OB_TRY(child(root, "symbols", json_array(), &array));
  for (size_t i = 0; i < facts->model->symbol_count; i++) {
    const ob_symbol_t *symbol = ob_expr_symbol_at(pool, i);
    OB_TRY(append(array, &one));
    OB_TRY(set(one, "name", text(symbol->name)));
    OB_TRY(set(one, "min", json_integer(symbol->min)));
    OB_TRY(set(one, "max", symbol->max == INT64_MAX ? json_null() : json_integer(symbol->max)));
    OB_TRY(set(one, "typical", json_integer(facts->model->typical[i])));
  }
  return OB_OK;
}

static ob_status_t put_names(json_t *object, const char *key, ob_value_t *const *values, size_t count) {
  json_t *array;
  OB_TRY(child(object, key, json_array(), &array));
  for (size_t i = 0; i < count; i++) OB_TRY(done(json_array_append_new(array, text(values[i] ? values[i]->name : NULL))));
  return OB_OK;
}

static ob_status_t put_refusals(const ob_node_t *node, json_t *object) {
  json_t *refusals;
  if (node->refusal_count == 0) return OB_OK;
  OB_TRY(child(object, "refusals", json_object(), &refusals));
  for (size_t i = 0; i < node->refusal_count; i++)
    OB_TRY(set(refusals, node->refusals[i].engine, text(node->refusals[i].reason)));
  return OB_OK;
}

static ob_status_t put_node(const ob_facts_t *facts, const ob_flat_node_t *flat, json_t *array) {
  const ob_node_t *node = flat->node;
  json_t *one, *types;
  OB_TRY(append(array, &one));
  OB_TRY(set(one, "name", text(node->name)));
  OB_TRY(set(one, "op", text(node->op->name)));
  if (node->op->domain[0]) OB_TRY(set(one, "domain", text(node->op->domain)));
  OB_TRY(set(one, "engine", text(ob_flat_engine(flat))));
  OB_TRY(set(one, "region", text(flat->unit ? flat->unit->region->symbol : NULL)));
  OB_TRY(put_names(one, "inputs", node->inputs, node->input_count));
  OB_TRY(child(one, "outputs", json_array(), &types));
  for (size_t o = 0; o < node->output_count; o++) {
    json_t *output;
    if (!node->outputs[o]) continue;
    OB_TRY(append(types, &output));
    OB_TRY(set(output, "name", text(node->outputs[o]->name)));
    OB_TRY(set_type(facts, output, &node->outputs[o]->type));
  }
  return put_refusals(node, one);
}

/* {"x": [[1, 64], [8, 8]]}: the sizes that an executable takes, for each axis of each input. */
static ob_status_t put_range(const ob_backend_t *backend, json_t *one) {
  const ob_graph_t *body = backend->unit->region->body;
  json_t *range, *axes;
  if (backend->accepts != OB_ACCEPTS_RANGE) return OB_OK;
  OB_TRY(child(one, "range", json_object(), &range));
  for (uint32_t i = 0; i < body->inputs.count; i++) {
    const ob_value_t *value = body->inputs.items[i];
    OB_TRY(child(range, value->name, json_array(), &axes));
    for (int32_t axis = 0; value->type.kind == OB_TENSOR && axis < value->type.rank; axis++) {
      int64_t least, largest;
      ob_backend_range(backend, i, axis, &least, &largest);
      OB_TRY(done(json_array_append_new(axes, json_pack("[I, o]", (json_int_t)least, largest == INT64_MAX ? json_null() : json_integer(largest)))));
    }
  }
  return OB_OK;
}

/* What a new shape means for a region: the symbols that it depends on, what its engine accepts, instances there are now. */
static ob_status_t put_sizes_of(const ob_unit_t *unit, json_t *one) {
  const ob_expr_pool_t *pool = unit->model->module->exprs;
  json_t *symbols;
  OB_TRY(child(one, "symbols", json_array(), &symbols));
  for (size_t i = 0; i < unit->symbol_count; i++)
    OB_TRY(done(json_array_append_new(symbols, text(ob_expr_symbol_at(pool, unit->symbols[i])->name))));
  OB_TRY(set(one, "accepts", text(ob_accepts_name(atomic_load(&unit->backend)->accepts))));
  OB_TRY(put_range(atomic_load(&unit->backend), one));
  OB_TRY(set(one, "instances", size(atomic_load(&unit->live))));
  return set(one, "instances_made", size(atomic_load(&unit->made)));
}

static ob_status_t put_region(const ob_facts_t *facts, const ob_unit_t *unit, json_t *array) {
  const ob_region_t *region = unit->region;
  const ob_backend_t *backend = atomic_load(&unit->backend);
  const char *engine = backend->engine->name;
  size_t packed = 0;
  json_t *one;
  for (size_t i = 0; i < region->packed.count; i++) packed += region->packed.items[i].bytes;
  OB_TRY(append(array, &one));
  OB_TRY(set(one, "symbol", text(region->symbol)));
  OB_TRY(set(one, "engine", text(engine)));
  if (strcmp(engine, region->engine) != 0) {
    OB_TRY(set(one, "placed_on", text(region->engine)));
    OB_TRY(set(one, "moved", text(backend->moved)));
  }
  OB_TRY(set(one, "why", text(region->why)));
  OB_TRY(set(one, "dynamic", json_boolean(region->dynamic)));
  OB_TRY(set(one, "nodes", size(region->body->nodes.count)));
  OB_TRY(put_sizes_of(unit, one));
  OB_TRY(set(one, "packed_bytes", size(packed)));
  OB_TRY(set(one, "blob_bytes", size(region->blob_bytes)));
  OB_TRY(put_values(facts, one, "inputs", region->body->inputs.items, region->body->inputs.count));
  return put_values(facts, one, "outputs", region->body->outputs.items, region->body->outputs.count);
}

static ob_status_t put_engines(const ob_facts_t *facts, json_t *root) {
  ob_op_counts_t counts;
  json_t *engines;
  OB_TRY(child(root, "engines", json_object(), &engines));
  OB_TRY(ob_facts_count(facts, &counts));
  ob_status_t status = OB_OK;
  for (size_t i = 0; status == OB_OK && i < counts.count; i++) {
    json_t *operators = json_object_get(engines, counts.items[i].engine);
    if (!operators) status = child(engines, counts.items[i].engine, json_object(), &operators);
    if (status == OB_OK) status = set(operators, counts.items[i].op, json_integer(counts.items[i].count));
  }
  ob_array_free(facts->model->allocator, &counts);
  return status;
}

static ob_status_t put_sizes(const ob_facts_t *facts, json_t *root) {
  const ob_report_memory_t *memory = &facts->memory;
  json_t *sizes, *arena;
  OB_TRY(child(root, "sizes", json_object(), &sizes));
  OB_TRY(set(sizes, "constant_bytes", size(facts->constant_bytes)));
  OB_TRY(set(sizes, "packed_bytes", size(facts->packed_bytes)));
  OB_TRY(set(sizes, "blob_bytes", size(facts->blob_bytes)));
  OB_TRY(child(root, "memory", json_object(), &arena));
  OB_TRY(set(arena, "arena_bytes", memory->known ? size(memory->arena_bytes) : json_null()));
  OB_TRY(set(arena, "all_values_bytes", size(memory->total_bytes)));
  OB_TRY(set(arena, "lower_bound_bytes", size(memory->lower_bound)));
  if (!memory->known) OB_TRY(set(arena, "problem", text(memory->problem)));
  OB_TRY(set(arena, "bounded", json_boolean(memory->bounded)));
  return memory->bounded ? set(arena, "largest_arena_bytes", size(memory->largest_bytes)) : set(arena, "unbounded", text(memory->unbounded));
}

static ob_status_t fill(const ob_facts_t *facts, json_t *root) {
  const ob_model_t *model = facts->model;
  const ob_graph_t *main = model->module->main;
  json_t *array;
  size_t nodes = 0;
  for (size_t i = 0; i < facts->nodes.count; i++) nodes += facts->nodes.items[i].node != NULL;
  OB_TRY(set(root, "report", text("outboard")));
  OB_TRY(set(root, "version", text(ob_version())));
  OB_TRY(set(root, "graph", text(main->name)));
  OB_TRY(set(root, "producer", text(model->module->producer)));
  OB_TRY(put_values(facts, root, "inputs", main->inputs.items, main->inputs.count));
  OB_TRY(put_values(facts, root, "outputs", main->outputs.items, main->outputs.count));
  OB_TRY(put_symbols(facts, root));
  OB_TRY(set(root, "guards", size(model->module->guards.count)));
  OB_TRY(put_sizes(facts, root));
  OB_TRY(set(root, "node_count", size(nodes)));
  OB_TRY(put_engines(facts, root));
  OB_TRY(child(root, "regions", json_array(), &array));
  for (size_t r = 0; r < model->unit_count; r++) OB_TRY(put_region(facts, model->units[r], array));
  OB_TRY(child(root, "nodes", json_array(), &array));
  for (size_t i = 0; i < facts->nodes.count; i++)
    if (facts->nodes.items[i].node) OB_TRY(put_node(facts, &facts->nodes.items[i], array));
  return OB_OK;
}

ob_status_t ob_report_json(const ob_facts_t *facts, ob_str_t *out) {
  json_t *root = json_object();
  char *dumped = NULL;
  size_t length;
  ob_status_t status = root ? fill(facts, root) : ob_fail_memory();
  if (status == OB_OK) status = ob_json_dump(root, facts->model->allocator, &dumped, &length);
  if (status == OB_OK) ob_str_append_n(out, dumped, length);
  ob_free(facts->model->allocator, dumped);
  json_decref(root);
  return status;
}
