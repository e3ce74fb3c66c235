/* Reads graph JSON: the document, symbols, guards, regions. Nothing in it is trusted. */
#include "artifact/json_read.h"

#include <stdlib.h>
#include <string.h>

#include "base/checked.h"
#include "base/dtype.h"

ob_status_t ob_read_extra(ob_json_reader_t *r, const json_t *json, const char *const *known, json_t **extra) {
  const char *key;
  json_t *value;
  *extra = NULL;
  json_object_foreach((json_t *)(uintptr_t)json, key, value) {
    bool is_known = false;
    for (size_t i = 0; known[i]; i++) is_known |= strcmp(known[i], key) == 0;
    if (is_known) continue;
    if (!*extra) {
      *extra = json_object();
      if (json_array_append_new(r->module->document, *extra) != 0) return *extra = NULL, ob_fail_memory();
    }
    if (json_object_set_nocheck(*extra, key, value) != 0) return ob_fail_memory();
  }
  return OB_OK;
}

static ob_status_t read_expr(ob_json_reader_t *r, const ob_json_place_t *at, const json_t *json, const ob_expr_t **expr) {
  const char *text;
  if (json_is_integer(json)) return ob_expr_const(r->module->exprs, json_integer_value(json), expr);
  if (!json_is_object(json)) return ob_json_fail(at, "expected an integer or {\"expr\": ...}");
  OB_TRY(ob_json_get_string(at, json, "expr", &text));
  ob_status_t status = ob_expr_parse(r->module->exprs, text, OB_INVALID_ARTIFACT, expr);
  if (status == OB_OK || status == OB_OUT_OF_MEMORY) return status;
  return ob_json_fail(at, "%s", ob_error_message());
}

ob_status_t ob_read_exprs(ob_json_reader_t *r, const ob_json_place_t *at, const json_t *array, const ob_expr_t *const **exprs) {
  const ob_expr_t **list;
  size_t count = json_array_size(array);
  OB_TRY(OB_ARENA_ARRAY(&r->module->arena, count, &list));
  for (size_t i = 0; i < count; i++) OB_TRY(read_expr(r, OB_AT_INDEX(at, i), json_array_get(array, i), &list[i]));
  *exprs = list;
  return OB_OK;
}

static ob_status_t read_dtype(const ob_json_place_t *at, const json_t *object, const char *key, ob_dtype_t *dtype) {
  const char *name;
  OB_TRY(ob_json_get_string(at, object, key, &name));
  *dtype = ob_dtype_from_name(name);
  return *dtype != OB_UNDEFINED ? OB_OK : ob_json_fail(at, "'%s' is '%s', which is no element type", key, ob_quote(name));
}

static ob_status_t read_tensor_type(ob_json_reader_t *r, const ob_json_place_t *at, const json_t *json, ob_type_t *type) {
  const json_t *shape;
  int64_t dim;
  *type = (ob_type_t){.kind = OB_TENSOR, .rank = -1};
  if (json_object_get(json, "dtype")) OB_TRY(read_dtype(at, json, "dtype", &type->dtype));
  OB_TRY(ob_json_find(at, json, "shape", JSON_ARRAY, &shape));
  if (!shape) return OB_OK;
  if (json_array_size(shape) > OB_MAX_RANK) return ob_json_fail(at, "rank %zu, at most %d", json_array_size(shape), OB_MAX_RANK);
  OB_TRY(ob_read_exprs(r, OB_AT(at, "shape"), shape, &type->dims));
  type->rank = (int32_t)json_array_size(shape);
  for (int32_t i = 0; i < type->rank; i++)
    if (ob_expr_is_const(type->dims[i], &dim) && dim < 0) return ob_json_fail(OB_AT(at, "shape"), "dim %d is negative", (int)i);
  return OB_OK;
}

ob_status_t ob_read_type(ob_json_reader_t *r, const ob_json_place_t *at, const json_t *json, int depth, ob_type_t *type) {
  static const struct {
    const char *name;
    ob_kind_t kind;
  } kinds[] = {{"sequence", OB_SEQUENCE}, {"optional", OB_OPTIONAL}, {"map", OB_MAP}};
  const json_t *element;
  ob_type_t *inner;
  const char *kind;
  if (depth > 8) return ob_json_fail(at, "types are nested deeper than 8 levels");
  if (!json_object_get(json, "kind")) return read_tensor_type(r, at, json, type);
  OB_TRY(ob_json_get_string(at, json, "kind", &kind));
  *type = (ob_type_t){.kind = OB_TENSOR, .rank = -1};
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
    if (strcmp(kinds[i].name, kind) == 0) type->kind = kinds[i].kind;
  if (type->kind == OB_TENSOR) return ob_json_fail(at, "'kind' is '%s'", ob_quote(kind));
  if (type->kind == OB_MAP) OB_TRY(read_dtype(at, json, "key", &type->dtype));
  OB_TRY(ob_json_find(at, json, "element", JSON_OBJECT, &element));
  if (!element) return OB_OK;
  OB_TRY(OB_ARENA_NEW(&r->module->arena, &inner));
  type->element = inner;
  return ob_read_type(r, OB_AT(at, "element"), element, depth + 1, inner);
}

/* ---------------------------------------------------------------- symbols and guards */

static ob_status_t read_source(const ob_json_place_t *at, const json_t *json, ob_symbol_t *symbol) {
  const json_t *source = json_object_get(json, "source");
  int64_t input, index;
  if (json_is_string(source)) {
    bool run = strcmp(json_string_value(source), "run") == 0;
    if (!run && strcmp(json_string_value(source), "free") != 0) return ob_json_fail(at, "'source' is unknown");
    symbol->source = run ? OB_SYMBOL_RUN : OB_SYMBOL_FREE;
    return OB_OK;
  }
  if (!json_is_object(source)) return ob_json_fail(at, "'source' is missing");
  bool dim = json_object_get(source, "input") != NULL;
  symbol->source = dim ? OB_SYMBOL_DIM : OB_SYMBOL_ELEMENT;
  OB_TRY(ob_json_get_int(at, source, dim ? "input" : "value", 0, UINT32_MAX, &input));
  OB_TRY(ob_json_get_int(at, source, dim ? "axis" : "element", 0, dim ? OB_MAX_RANK - 1 : OB_MAX_CONTENT - 1, &index));
  symbol->input = (uint32_t)input;
  symbol->index = (uint32_t)index;
  return OB_OK;
}

static ob_status_t read_bound(const ob_json_place_t *at, const json_t *json, const char *key, int64_t low, int64_t *value) {
  return json_object_get(json, key) ? ob_json_get_int(at, json, key, low, INT64_MAX, value) : OB_OK;
}

static ob_status_t read_symbol(ob_json_reader_t *r, const ob_json_place_t *at, const json_t *json) {
  ob_symbol_t read = {.min = 0, .max = INT64_MAX};
  const ob_expr_t *expr;
  const char *name;
  OB_TRY(ob_json_get_string(at, json, "name", &name));
  if (ob_expr_symbol_find(r->module->exprs, name)) return ob_json_fail(at, "two symbols are called '%s'", ob_quote(name));
  OB_TRY(read_source(at, json, &read));
  OB_TRY(read_bound(at, json, "min", read.source == OB_SYMBOL_DIM ? 0 : INT64_MIN, &read.min));
  OB_TRY(read_bound(at, json, "max", read.min, &read.max));
  OB_TRY(read_bound(at, json, "typical", 0, &read.typical));
  OB_TRY(ob_expr_symbol(r->module->exprs, name, read.source, read.input, read.index, &expr));
  ob_symbol_t *symbol = ob_expr_symbol_at(r->module->exprs, (size_t)expr->value);
  if (strcmp(symbol->name, name) != 0) return ob_json_fail(at, "'%s' is not a symbol's name", ob_quote(name));
  symbol->min = read.min, symbol->max = read.max, symbol->typical = read.typical;
  return OB_OK;
}

static ob_status_t read_symbols(ob_json_reader_t *r, const ob_json_place_t *root, const json_t *json) {
  const json_t *list;
  OB_TRY(ob_json_get(root, json, "symbols", JSON_ARRAY, &list));
  for (size_t i = 0; i < json_array_size(list); i++)
    OB_TRY(read_symbol(r, OB_AT_INDEX(OB_AT(root, "symbols"), i), json_array_get(list, i)));
  return OB_OK;
}

static ob_status_t read_guards(ob_json_reader_t *r, const ob_json_place_t *root, const json_t *json) {
  const json_t *list;
  OB_TRY(ob_json_get(root, json, "guards", JSON_ARRAY, &list));
  for (size_t i = 0; i < json_array_size(list); i++) {
    const ob_json_place_t *at = OB_AT_INDEX(OB_AT(root, "guards"), i);
    const char *node, *reason;
    ob_guard_t guard;
    OB_TRY(read_expr(r, at, json_array_get(list, i), &guard.expr));
    OB_TRY(ob_json_get_string(at, json_array_get(list, i), "node", &node));
    OB_TRY(ob_json_get_string(at, json_array_get(list, i), "reason", &reason));
    OB_TRY(ob_arena_strdup(&r->module->arena, node, &guard.node));
    OB_TRY(ob_arena_strdup(&r->module->arena, reason, &guard.reason));
    OB_TRY(ob_array_push(r->module->allocator, &r->module->guards, guard));
  }
  return OB_OK;
}

/* ---------------------------------------------------------------- regions */

static ob_status_t read_layout(const ob_json_place_t *at, const json_t *json, int32_t rank, ob_layout_t *layout) {
  const json_t *object, *order, *blocks;
  uint64_t seen = 0;
  OB_TRY(ob_json_get(at, json, "layout", JSON_OBJECT, &object));
  OB_TRY(ob_json_get(at, object, "order", JSON_ARRAY, &order));
  OB_TRY(ob_json_get(at, object, "blocks", JSON_ARRAY, &blocks));
  if (json_array_size(order) != (size_t)rank) return ob_json_fail(at, "'order' has %zu dims, expected %d", json_array_size(order), (int)rank);
  if (json_array_size(blocks) > OB_MAX_BLOCKS) return ob_json_fail(at, "%zu blocks, at most %d", json_array_size(blocks), OB_MAX_BLOCKS);
  *layout = (ob_layout_t){.rank = rank, .block_count = (int32_t)json_array_size(blocks)};
  for (int32_t i = 0; i < rank; i++) {
    const json_t *dim = json_array_get(order, (size_t)i);
    int64_t d = json_is_integer(dim) ? json_integer_value(dim) : -1;
    if (d < 0 || d >= rank || seen >> d & 1) return ob_json_fail(at, "'order' is no permutation of the dims");
    seen |= UINT64_C(1) << d;
    layout->order[i] = (uint8_t)d;
  }
  for (int32_t i = 0; i < layout->block_count; i++) {
    const json_t *pair = json_array_get(blocks, (size_t)i);
    int64_t dim = json_integer_value(json_array_get(pair, 0)), size = json_integer_value(json_array_get(pair, 1));
    if (json_array_size(pair) != 2 || dim < 0 || dim >= rank || size < 1 || size > 65536) return ob_json_fail(at, "block %d is not [dim, size]", (int)i);
    layout->block_dim[i] = (uint8_t)dim;
    layout->block_size[i] = (int32_t)size;
  }
  return OB_OK;
}

/* Bytes of a constant in a blocked layout: dims padded to whole blocks. */
static ob_status_t layout_bytes(const ob_json_place_t *at, const ob_constant_t *constant, const ob_layout_t *layout, size_t *bytes) {
  int64_t dims[OB_MAX_RANK], block[OB_MAX_RANK];
  for (int32_t i = 0; i < layout->rank; i++) block[i] = 1;
  for (int32_t i = 0; i < layout->block_count; i++)
    if (!ob_mul_i64(block[layout->block_dim[i]], layout->block_size[i], &block[layout->block_dim[i]])) return ob_json_fail(at, "blocks overflow");
  for (int32_t i = 0; i < layout->rank; i++) {
    if (!ob_add_i64(constant->dims[i], block[i] - 1, &dims[i])) return ob_json_fail(at, "dims overflow");
    dims[i] = dims[i] / block[i] * block[i];
  }
  return ob_tensor_bytes(constant->dtype, layout->rank, dims, bytes) ? OB_OK : ob_json_fail(at, "dims overflow");
}

static ob_status_t read_packed(ob_json_reader_t *r, const ob_json_place_t *at, const json_t *json, ob_region_t *region) {
  ob_packed_t packed = {0};
  const char *tensor, *key;
  size_t bytes;
  if (json_object_get(json, "constant")) {
    OB_TRY(ob_read_constant_number(r, at, json, "constant", &packed.constant));
    OB_TRY(read_layout(at, json, packed.constant->rank, &packed.layout));
  } else {
    OB_TRY(ob_json_get_string(at, json, "key", &key));
    OB_TRY(ob_arena_strdup(&r->module->arena, key, &packed.key));
  }
  OB_TRY(ob_packed_tensor(&r->module->arena, region, region->packed.count, &tensor));
  OB_TRY(ob_read_payload(r, at, json, "tensor", tensor, &packed.data, &packed.bytes));
  if (packed.constant) {
    OB_TRY(layout_bytes(at, packed.constant, &packed.layout, &bytes));
    if (bytes != packed.bytes) return ob_json_fail(at, "tensor '%s' has %zu bytes, its layout needs %zu", ob_quote(tensor), packed.bytes, bytes);
  }
  return ob_array_push(r->module->allocator, &region->packed, packed);
}

static ob_status_t read_texts(ob_json_reader_t *r, const ob_json_place_t *at, const json_t *json, ob_region_t *region) {
  const char *text;
  OB_TRY(ob_json_get_string(at, json, "symbol", &text));
  if (ob_map_get(&r->symbols, text)) return ob_json_fail(at, "two regions are called '%s'", ob_quote(text));
  OB_TRY(ob_arena_strdup(&r->module->arena, text, &region->symbol));
  OB_TRY(ob_map_set(&r->symbols, region->symbol, region));
  OB_TRY(ob_json_get_string(at, json, "engine", &text));
  OB_TRY(ob_arena_strdup(&r->module->arena, text, &region->engine));
  OB_TRY(ob_json_get_string(at, json, "why", &text));
  OB_TRY(ob_arena_strdup(&r->module->arena, text, &region->why));
  if (!json_object_get(json, "fingerprint")) return OB_OK;
  OB_TRY(ob_json_get_string(at, json, "fingerprint", &text));
  return ob_arena_strdup(&r->module->arena, text, &region->fingerprint);
}

static ob_status_t read_region(ob_json_reader_t *r, const ob_json_place_t *at, const json_t *json) {
  static const char *const known[] = {"symbol", "engine", "why", "graph", "dynamic", "fingerprint", "packed", "blob", NULL};
  ob_region_t *region;
  const json_t *member;
  const char *tensor;
  OB_TRY(OB_ARENA_NEW(&r->module->arena, &region));
  OB_TRY(read_texts(r, at, json, region));
  region->index = (uint32_t)r->module->regions.count;
  OB_TRY(ob_array_push(r->module->allocator, &r->module->regions, region));
  OB_TRY(ob_read_claim_graph(r, at, json, &region->body));
  OB_TRY(ob_json_find(at, json, "dynamic", JSON_TRUE, &member));
  region->dynamic = json_is_true(member);
  OB_TRY(ob_json_get(at, json, "packed", JSON_ARRAY, &member));
  for (size_t i = 0; i < json_array_size(member); i++)
    OB_TRY(read_packed(r, OB_AT_INDEX(OB_AT(at, "packed"), i), json_array_get(member, i), region));
  if (json_object_get(json, "blob")) {
    OB_TRY(ob_blob_tensor(&r->module->arena, region, &tensor));
    OB_TRY(ob_read_payload(r, at, json, "blob", tensor, &region->blob, &region->blob_bytes));
  }
  return ob_read_extra(r, json, known, &region->extra);
}

ob_status_t ob_read_claim_graph(ob_json_reader_t *r, const ob_json_place_t *at, const json_t *object, ob_graph_t **graph) {
  int64_t number;
  OB_TRY(ob_json_get_int(at, object, "graph", 0, (int64_t)r->module->graphs.count - 1, &number));
  if (r->owned[number]) return ob_json_fail(at, "graph %d is used twice", (int)number);
  r->owned[number] = true;
  *graph = r->module->graphs.items[number];
  return OB_OK;
}

/* ---------------------------------------------------------------- the document */

static ob_status_t check_version(const ob_json_place_t *root, const json_t *json) {
  const char *format, *version;
  char *end;
  OB_TRY(ob_json_get_string(root, json, "format", &format));
  OB_TRY(ob_json_get_string(root, json, "version", &version));
  if (strcmp(format, "outboard") != 0) return ob_json_fail(root, "the format is '%s', expected 'outboard'", ob_quote(format));
  unsigned long major = strtoul(version, &end, 10);
  if (end == version || *end != '.') return ob_json_fail(root, "'%s' is no version", ob_quote(version));
  if (major != OB_FORMAT_MAJOR)
    return ob_fail(OB_UNSUPPORTED, "the artifact has format version %s, this is version %d.%d: compile the model again with this version",
                   ob_quote(version), OB_FORMAT_MAJOR, OB_FORMAT_MINOR);
  return OB_OK;
}

static ob_status_t read_metadata(ob_json_reader_t *r, const ob_json_place_t *root, const json_t *json) {
  const json_t *list;
  OB_TRY(ob_json_get(root, json, "metadata", JSON_ARRAY, &list));
  for (size_t i = 0; i < 2 * json_array_size(list); i++) {
    const json_t *pair = json_array_get(list, i / 2), *text = json_array_get(pair, i % 2);
    const char *copy;
    if (json_array_size(pair) != 2 || !json_is_string(text)) return ob_json_fail(OB_AT_INDEX(OB_AT(root, "metadata"), i / 2), "expected [key, value]");
    OB_TRY(ob_arena_strdup(&r->module->arena, json_string_value(text), &copy));
    OB_TRY(ob_array_push(r->module->allocator, &r->module->metadata, copy));
  }
  return OB_OK;
}

enum { MOST_NESTED = 64 /* the importer stops at 32 bodies in one another; each may hold a region */ };

/* Every graph has one owner, so from main the reached ones form a tree; a ring of bodies would hang on nothing. */
static ob_status_t count_reached(const ob_json_place_t *root, const ob_graph_t *graph, int depth, size_t *count) {
  if (depth == MOST_NESTED) return ob_json_fail(root, "graphs are nested deeper than %d levels", MOST_NESTED);
  ++*count;
  for (size_t i = 0; i < graph->nodes.count; i++) {
    const ob_node_t *node = graph->nodes.items[i];
    for (size_t b = 0; b < node->body_count; b++) OB_TRY(count_reached(root, node->bodies[b].graph, depth + 1, count));
    if (node->region) OB_TRY(count_reached(root, node->region->body, depth + 1, count));
  }
  return OB_OK;
}

static ob_status_t check_tree(const ob_json_reader_t *r, const ob_json_place_t *root) {
  for (size_t i = 0; i < r->module->graphs.count; i++)
    if (!r->owned[i]) return ob_json_fail(root, "graph %zu is used by nothing", i);
  size_t reached = 0;
  OB_TRY(count_reached(root, r->module->main, 0, &reached));
  if (reached != r->module->graphs.count) return ob_json_fail(root, "graphs contain each other");
  ob_status_t status = ob_graph_check(r->module->main);
  return status == OB_INTERNAL ? ob_json_fail(root, "%s", ob_error_message()) : status;
}

static ob_status_t read_document(ob_json_reader_t *r, const ob_json_place_t *root, const json_t *json) {
  static const char *const known[] = {"format", "version", "producer", "metadata", "symbols", "guards",
                                      "main",   "regions", "constants", "graphs",  NULL};
  ob_module_t *module = r->module;
  const json_t *graphs, *regions;
  const char *producer;
  ob_graph_t *graph;
  int64_t main;
  OB_TRY(check_version(root, json));
  if (!(module->document = json_array())) return ob_fail_memory();
  OB_TRY(ob_json_get_string(root, json, "producer", &producer));
  OB_TRY(ob_arena_strdup(&module->arena, producer, &module->producer));
  OB_TRY(read_metadata(r, root, json));
  OB_TRY(read_symbols(r, root, json));
  OB_TRY(read_guards(r, root, json));
  OB_TRY(ob_read_constants(r, root, json));
  OB_TRY(ob_json_get(root, json, "graphs", JSON_ARRAY, &graphs));
  for (size_t i = 0; i < json_array_size(graphs); i++) OB_TRY(ob_graph_create(module, "", &graph));
  OB_TRY(OB_ARENA_ARRAY(&module->arena, json_array_size(graphs), &r->owned));
  OB_TRY(ob_json_get_int(root, json, "main", 0, (int64_t)json_array_size(graphs) - 1, &main));
  module->main = module->graphs.items[main];
  r->owned[main] = true;
  OB_TRY(ob_json_get(root, json, "regions", JSON_ARRAY, &regions));
  for (size_t i = 0; i < json_array_size(regions); i++)
    OB_TRY(read_region(r, OB_AT_INDEX(OB_AT(root, "regions"), i), json_array_get(regions, i)));
  OB_TRY(ob_read_graphs(r, root, json));
  OB_TRY(check_tree(r, root));
  return ob_read_extra(r, json, known, &module->extra);
}

ob_status_t ob_module_from_json(const json_t *json, const ob_payload_source_t *payloads, const ob_allocator_t *allocator,
                                ob_module_t **module) {
  ob_json_reader_t reader = {.payloads = payloads};
  ob_json_place_t root = {NULL, "graph", 0, OB_INVALID_ARTIFACT};
  OB_TRY(ob_module_create(allocator, module));
  reader.module = *module;
  ob_map_init(&reader.symbols, (*module)->allocator);
  ob_status_t status = read_document(&reader, &root, json);
  ob_map_free(&reader.symbols);
  if (status == OB_OK) return OB_OK;
  ob_module_free(*module);
  *module = NULL;
  return status;
}
