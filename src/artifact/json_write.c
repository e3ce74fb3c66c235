/* Writes a module, or one graph of it, as JSON. The order of members is fixed: the same module gives the same text. */
#include <math.h>
#include <string.h>

#include "artifact/graph_json.h"
#include "base/dtype.h"
#include "base/str.h"

/* State of writing: which graphs are wanted and what number they have in the document. */
typedef struct {
  const ob_module_t *module;
  ob_arena_t *arena;
  bool *symbols;            /* that occur */
  uint32_t *graph_numbers;  /* by graph index: number in the document + 1; 0: not wanted */
  const ob_graph_t **graphs;
  size_t graph_count;
  uint32_t *constant_numbers; /* by constant index, likewise */
  const ob_constant_t **constants;
  size_t constant_count;
} writer_t;

/* Takes the reference of `value` even on failure, as jansson's *_new functions do. */
static ob_status_t set(json_t *object, const char *key, json_t *value) {
  return json_object_set_new_nocheck(object, key, value) == 0 ? OB_OK : ob_fail_memory();
}

static ob_status_t push(json_t *array, json_t *value) { return json_array_append_new(array, value) == 0 ? OB_OK : ob_fail_memory(); }

static ob_status_t object(json_t **json) { return (*json = json_object()) ? OB_OK : ob_fail_memory(); }

/* A fresh array or object that is owned by `parent` from the start, so that failures leak nothing. */
static ob_status_t child(json_t *parent, const char *key, json_t *fresh, json_t **out) {
  *out = fresh;
  return set(parent, key, fresh);
}

static ob_status_t element(json_t *parent, json_t *fresh, json_t **out) {
  *out = fresh;
  return push(parent, fresh);
}

static ob_status_t set_text(json_t *parent, const char *key, const char *text) { return set(parent, key, json_string(text)); }

/* ---------------------------------------------------------------- expressions and types */

static ob_status_t push_expr(writer_t *w, json_t *array, const ob_expr_t *expr) {
  int64_t number;
  const char *text;
  json_t *wrapped;
  if (ob_expr_is_const(expr, &number)) return push(array, json_integer(number));
  ob_expr_symbols_used(expr, w->symbols);
  OB_TRY(ob_expr_text(w->module->exprs, expr, &text));
  OB_TRY(element(array, json_object(), &wrapped));
  return set_text(wrapped, "expr", text);
}

static ob_status_t set_exprs(writer_t *w, json_t *parent, const char *key, const ob_expr_t *const *exprs, size_t count) {
  json_t *array;
  OB_TRY(child(parent, key, json_array(), &array));
  for (size_t i = 0; i < count; i++) OB_TRY(push_expr(w, array, exprs[i]));
  return OB_OK;
}

static ob_status_t set_type(writer_t *w, json_t *parent, const char *key, const ob_type_t *type) {
  static const char *const collections[] = {"", "sequence", "optional", "map"};
  json_t *json;
  OB_TRY(child(parent, key, json_object(), &json));
  if (type->kind == OB_TENSOR) {
    if (type->dtype != OB_UNDEFINED) OB_TRY(set_text(json, "dtype", ob_dtype_name(type->dtype)));
    return type->rank < 0 ? OB_OK : set_exprs(w, json, "shape", type->dims, (size_t)type->rank);
  }
  OB_TRY(set_text(json, "kind", collections[type->kind]));
  if (type->kind == OB_MAP) OB_TRY(set_text(json, "key", ob_dtype_name(type->dtype)));
  return type->element ? set_type(w, json, "element", type->element) : OB_OK;
}

/* ---------------------------------------------------------------- attributes */

/* JSON has no NaN and no infinities: they are strings. */
static json_t *number(float value) {
  if (isnan(value)) return json_string("nan");
  if (isinf(value)) return json_string(value < 0 ? "-inf" : "inf");
  return json_real((double)value);
}

/* UTF-8 as it is; other bytes as {"bytes": [...]}. */
static ob_status_t push_string(json_t *array, const ob_string_t *string) {
  json_t *wrapped, *bytes;
  if (ob_utf8_is_valid(string->data, string->size)) return push(array, json_stringn(string->data, string->size));
  OB_TRY(element(array, json_object(), &wrapped));
  OB_TRY(child(wrapped, "bytes", json_array(), &bytes));
  for (size_t i = 0; i < string->size; i++) OB_TRY(push(bytes, json_integer((unsigned char)string->data[i])));
  return OB_OK;
}

static ob_status_t set_attribute(writer_t *w, json_t *parent, const ob_attribute_t *a) {
  static const char *const kinds[] = {"", "int", "float", "string", "ints", "floats", "strings", "tensor"};
  json_t *json, *array;
  OB_TRY(child(parent, a->name, json_object(), &json));
  const char *kind = kinds[a->kind];
  if (a->kind == OB_ATTRIBUTE_TENSOR) return set(json, kind, json_integer(w->constant_numbers[a->tensor->index] - 1));
  if (a->kind == OB_ATTRIBUTE_INT || a->kind == OB_ATTRIBUTE_INTS) return set_exprs(w, json, kind, a->ints, a->count);
  OB_TRY(child(json, kind, json_array(), &array));
  for (size_t i = 0; i < a->count; i++) OB_TRY(a->floats ? push(array, number(a->floats[i])) : push_string(array, &a->strings[i]));
  return OB_OK;
}

/* ---------------------------------------------------------------- graphs */

static json_t *reference(const ob_value_t *value) { return value ? json_integer(value->id) : json_null(); }

static ob_status_t set_references(json_t *parent, const char *key, ob_value_t *const *values, size_t count) {
  json_t *array;
  OB_TRY(child(parent, key, json_array(), &array));
  for (size_t i = 0; i < count; i++) OB_TRY(push(array, reference(values[i])));
  return OB_OK;
}

static ob_status_t push_value(writer_t *w, json_t *array, const ob_value_t *value) {
  json_t *json;
  OB_TRY(element(array, json_object(), &json));
  OB_TRY(set_text(json, "name", value->name));
  OB_TRY(set_type(w, json, "type", &value->type));
  if (value->constant) return set(json, "constant", json_integer(w->constant_numbers[value->constant->index] - 1));
  return value->content ? set_exprs(w, json, "content", value->content, value->content_count) : OB_OK;
}

static ob_status_t set_bodies(writer_t *w, json_t *parent, const ob_node_t *node) {
  json_t *bodies, *json;
  OB_TRY(child(parent, "bodies", json_object(), &bodies));
  for (size_t b = 0; b < node->body_count; b++) {
    const ob_body_t *body = &node->bodies[b];
    OB_TRY(child(bodies, body->attribute, json_object(), &json));
    OB_TRY(set(json, "graph", json_integer(w->graph_numbers[body->graph->index] - 1)));
    OB_TRY(set_references(json, "captures", body->captures, body->capture_count));
  }
  return OB_OK;
}

static ob_status_t set_refusals(json_t *parent, const ob_node_t *node) {
  json_t *refusals;
  OB_TRY(child(parent, "refusals", json_object(), &refusals));
  for (size_t i = 0; i < node->refusal_count; i++) OB_TRY(set_text(refusals, node->refusals[i].engine, node->refusals[i].reason));
  return OB_OK;
}

/* Members of newer minor versions go back where they came from. */
static ob_status_t set_extra(json_t *json, const json_t *extra) {
  const char *key;
  json_t *value;
  json_object_foreach((json_t *)(uintptr_t)extra, key, value) {
    if (json_object_set_nocheck(json, key, value) != 0) return ob_fail_memory();
  }
  return OB_OK;
}

static ob_status_t push_node(writer_t *w, json_t *array, const ob_node_t *node) {
  json_t *json, *attributes;
  OB_TRY(element(array, json_object(), &json));
  OB_TRY(set_text(json, "name", node->name));
  OB_TRY(set_text(json, "op", node->op->name));
  OB_TRY(set_text(json, "domain", node->op->domain));
  OB_TRY(set(json, "since", json_integer(node->op->since)));
  OB_TRY(set_references(json, "inputs", node->inputs, node->input_count));
  OB_TRY(set_references(json, "outputs", node->outputs, node->output_count));
  OB_TRY(child(json, "attributes", json_object(), &attributes));
  for (size_t i = 0; i < node->attribute_count; i++) OB_TRY(set_attribute(w, attributes, &node->attributes[i]));
  if (node->body_count > 0) OB_TRY(set_bodies(w, json, node));
  if (node->region) OB_TRY(set(json, "region", json_integer(node->region->index)));
  if (node->refusal_count > 0) OB_TRY(set_refusals(json, node));
  return set_extra(json, node->extra);
}

static ob_status_t push_graph(writer_t *w, json_t *array, const ob_graph_t *graph) {
  json_t *json, *list;
  OB_TRY(element(array, json_object(), &json));
  OB_TRY(set_text(json, "name", graph->name));
  OB_TRY(set_references(json, "inputs", graph->inputs.items, graph->inputs.count));
  OB_TRY(set_references(json, "outputs", graph->outputs.items, graph->outputs.count));
  OB_TRY(child(json, "values", json_array(), &list));
  for (size_t i = 0; i < graph->values.count; i++) OB_TRY(push_value(w, list, graph->values.items[i]));
  OB_TRY(child(json, "nodes", json_array(), &list));
  for (size_t i = 0; i < graph->nodes.count; i++) OB_TRY(push_node(w, list, graph->nodes.items[i]));
  return set_extra(json, graph->extra);
}

/* ---------------------------------------------------------------- the rest of a module */

static ob_status_t set_layout(json_t *parent, const ob_layout_t *layout) {
  json_t *json, *list, *pair;
  OB_TRY(child(parent, "layout", json_object(), &json));
  OB_TRY(child(json, "order", json_array(), &list));
  for (int32_t i = 0; i < layout->rank; i++) OB_TRY(push(list, json_integer(layout->order[i])));
  OB_TRY(child(json, "blocks", json_array(), &list));
  for (int32_t i = 0; i < layout->block_count; i++) {
    OB_TRY(element(list, json_array(), &pair));
    OB_TRY(push(pair, json_integer(layout->block_dim[i])));
    OB_TRY(push(pair, json_integer(layout->block_size[i])));
  }
  return OB_OK;
}

static ob_status_t push_packed(writer_t *w, json_t *array, const ob_region_t *region, size_t index) {
  const ob_packed_t *packed = &region->packed.items[index];
  const char *tensor;
  json_t *json;
  OB_TRY(element(array, json_object(), &json));
  if (packed->constant) {
    OB_TRY(set(json, "constant", json_integer(w->constant_numbers[packed->constant->index] - 1)));
    OB_TRY(set_layout(json, &packed->layout));
  } else {
    OB_TRY(set_text(json, "key", packed->key));
  }
  OB_TRY(ob_packed_tensor(w->arena, region, index, &tensor));
  return set_text(json, "tensor", tensor);
}

static ob_status_t push_region(writer_t *w, json_t *array, const ob_region_t *region) {
  json_t *json, *list;
  const char *tensor;
  OB_TRY(element(array, json_object(), &json));
  OB_TRY(set_text(json, "symbol", region->symbol));
  OB_TRY(set_text(json, "engine", region->engine));
  OB_TRY(set_text(json, "why", region->why ? region->why : ""));
  OB_TRY(set(json, "graph", json_integer(w->graph_numbers[region->body->index] - 1)));
  if (region->dynamic) OB_TRY(set(json, "dynamic", json_true()));
  if (region->fingerprint) OB_TRY(set_text(json, "fingerprint", region->fingerprint));
  OB_TRY(child(json, "packed", json_array(), &list));
  for (size_t i = 0; i < region->packed.count; i++) OB_TRY(push_packed(w, list, region, i));
  if (region->blob) {
    OB_TRY(ob_blob_tensor(w->arena, region, &tensor));
    OB_TRY(set_text(json, "blob", tensor));
  }
  return set_extra(json, region->extra);
}

static ob_status_t push_constant(writer_t *w, json_t *array, const ob_constant_t *constant) {
  json_t *json, *shape;
  const char *tensor;
  OB_TRY(element(array, json_object(), &json));
  OB_TRY(set_text(json, "name", constant->name));
  OB_TRY(set_text(json, "dtype", ob_dtype_name(constant->dtype)));
  OB_TRY(child(json, "shape", json_array(), &shape));
  for (int32_t i = 0; i < constant->rank; i++) OB_TRY(push(shape, json_integer(constant->dims[i])));
  if (!constant->data) return OB_OK;
  OB_TRY(ob_constant_tensor(w->arena, constant, &tensor));
  return set_text(json, "tensor", tensor);
}

static ob_status_t push_symbol(json_t *array, const ob_symbol_t *symbol) {
  json_t *json, *source;
  OB_TRY(element(array, json_object(), &json));
  OB_TRY(set_text(json, "name", symbol->name));
  if (symbol->source == OB_SYMBOL_DIM || symbol->source == OB_SYMBOL_ELEMENT) {
    bool dim = symbol->source == OB_SYMBOL_DIM;
    OB_TRY(child(json, "source", json_object(), &source));
    OB_TRY(set(source, dim ? "input" : "value", json_integer(symbol->input)));
    OB_TRY(set(source, dim ? "axis" : "element", json_integer(symbol->index)));
  } else {
    OB_TRY(set_text(json, "source", symbol->source == OB_SYMBOL_RUN ? "run" : "free"));
  }
  if (symbol->min != 0) OB_TRY(set(json, "min", json_integer(symbol->min)));
  if (symbol->max != INT64_MAX) OB_TRY(set(json, "max", json_integer(symbol->max)));
  return symbol->typical > 0 ? set(json, "typical", json_integer(symbol->typical)) : OB_OK;
}

static ob_status_t push_guard(writer_t *w, json_t *array, const ob_guard_t *guard) {
  json_t *json;
  const char *text;
  ob_expr_symbols_used(guard->expr, w->symbols);
  OB_TRY(ob_expr_text(w->module->exprs, guard->expr, &text));
  OB_TRY(element(array, json_object(), &json));
  OB_TRY(set_text(json, "expr", text));
  OB_TRY(set_text(json, "node", guard->node ? guard->node : ""));
  return set_text(json, "reason", guard->reason ? guard->reason : "");
}

/* ---------------------------------------------------------------- documents */

static void want_constant(writer_t *w, const ob_constant_t *constant) {
  if (constant) w->constant_numbers[constant->index] = 1;
}

/* Wanted constants get numbers in the module's order, which is also that of the payloads: a module that was read keeps its order. */
static void number_constants(writer_t *w) {
  for (size_t i = 0; i < w->module->constants.count; i++) {
    if (w->constant_numbers[i] == 0) continue;
    w->constants[w->constant_count++] = w->module->constants.items[i];
    w->constant_numbers[i] = (uint32_t)w->constant_count;
  }
}

/* Numbers a graph and what is nested in it, and marks its constants. */
static void want_graph(writer_t *w, const ob_graph_t *graph) {
  if (w->graph_numbers[graph->index] > 0) return;
  w->graphs[w->graph_count++] = graph;
  w->graph_numbers[graph->index] = (uint32_t)w->graph_count;
  for (size_t i = 0; i < graph->values.count; i++) want_constant(w, graph->values.items[i]->constant);
  for (size_t i = 0; i < graph->nodes.count; i++) {
    const ob_node_t *node = graph->nodes.items[i];
    for (size_t a = 0; a < node->attribute_count; a++) want_constant(w, node->attributes[a].tensor);
    for (size_t b = 0; b < node->body_count; b++) want_graph(w, node->bodies[b].graph);
    if (!node->region) continue;
    for (size_t p = 0; p < node->region->packed.count; p++) want_constant(w, node->region->packed.items[p].constant);
    want_graph(w, node->region->body);
  }
}

static ob_status_t begin(writer_t *w, const ob_module_t *module, ob_arena_t *arena) {
  *w = (writer_t){.module = module, .arena = arena};
  OB_TRY(OB_ARENA_ARRAY(arena, ob_expr_symbol_count(module->exprs), &w->symbols));
  OB_TRY(OB_ARENA_ARRAY(arena, module->graphs.count, &w->graph_numbers));
  OB_TRY(OB_ARENA_ARRAY(arena, module->graphs.count, &w->graphs));
  OB_TRY(OB_ARENA_ARRAY(arena, module->constants.count, &w->constant_numbers));
  return OB_ARENA_ARRAY(arena, module->constants.count, &w->constants);
}

/* Members that both documents share: constants, graphs and, when all is written, the symbols that occurred. */
static ob_status_t set_body(writer_t *w, json_t *json, json_t *symbols) {
  json_t *list;
  OB_TRY(child(json, "constants", json_array(), &list));
  for (size_t i = 0; i < w->constant_count; i++) OB_TRY(push_constant(w, list, w->constants[i]));
  OB_TRY(child(json, "graphs", json_array(), &list));
  for (size_t i = 0; i < w->graph_count; i++) OB_TRY(push_graph(w, list, w->graphs[i]));
  for (size_t i = 0; i < ob_expr_symbol_count(w->module->exprs); i++)
    if (w->symbols[i]) OB_TRY(push_symbol(symbols, ob_expr_symbol_at(w->module->exprs, i)));
  return OB_OK;
}

static ob_status_t set_metadata(json_t *json, const ob_module_t *module) {
  json_t *list, *pair;
  OB_TRY(child(json, "metadata", json_array(), &list));
  for (size_t i = 0; i + 1 < module->metadata.count; i += 2) {
    OB_TRY(element(list, json_array(), &pair));
    OB_TRY(push(pair, json_string(module->metadata.items[i])));
    OB_TRY(push(pair, json_string(module->metadata.items[i + 1])));
  }
  return OB_OK;
}

static ob_status_t write_module(writer_t *w, json_t *json) {
  const ob_module_t *module = w->module;
  json_t *symbols, *list;
  char version[16];
  snprintf(version, sizeof version, "%d.%d", OB_FORMAT_MAJOR, OB_FORMAT_MINOR);
  want_graph(w, module->main);
  number_constants(w);
  OB_TRY(set_text(json, "format", "outboard"));
  OB_TRY(set_text(json, "version", version));
  OB_TRY(set_text(json, "producer", module->producer ? module->producer : ""));
  OB_TRY(set_metadata(json, module));
  OB_TRY(child(json, "symbols", json_array(), &symbols));
  OB_TRY(child(json, "guards", json_array(), &list));
  for (size_t i = 0; i < module->guards.count; i++) OB_TRY(push_guard(w, list, &module->guards.items[i]));
  OB_TRY(set(json, "main", json_integer(0)));
  OB_TRY(child(json, "regions", json_array(), &list));
  for (size_t i = 0; i < module->regions.count; i++) OB_TRY(push_region(w, list, module->regions.items[i]));
  OB_TRY(set_body(w, json, symbols));
  return set_extra(json, module->extra);
}

static ob_status_t write_graph(writer_t *w, const ob_graph_t *graph, json_t *json) {
  json_t *symbols;
  want_graph(w, graph);
  number_constants(w);
  OB_TRY(child(json, "symbols", json_array(), &symbols));
  OB_TRY(set(json, "main", json_integer(0)));
  return set_body(w, json, symbols);
}

static ob_status_t write_document(const ob_module_t *module, const ob_graph_t *graph, json_t **json) {
  ob_arena_t arena;
  writer_t w;
  *json = NULL;
  ob_arena_init(&arena, module->allocator);
  ob_status_t status = begin(&w, module, &arena);
  if (status == OB_OK) status = object(json);
  if (status == OB_OK) status = graph ? write_graph(&w, graph, *json) : write_module(&w, *json);
  ob_arena_free(&arena);
  if (status == OB_OK) return OB_OK;
  json_decref(*json);
  *json = NULL;
  return status;
}

ob_status_t ob_module_to_json(const ob_module_t *module, json_t **json) { return write_document(module, NULL, json); }

ob_status_t ob_graph_to_json(const ob_graph_t *graph, json_t **json) { return write_document(graph->module, graph, json); }
