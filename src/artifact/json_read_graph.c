/* Reads constants, graphs, values, nodes and attributes of graph JSON. */
#include <math.h>
#include <string.h>

#include "artifact/json_read.h"
#include "base/checked.h"
#include "base/dtype.h"
#include "base/str.h"

/* ---------------------------------------------------------------- constants */

/* Payload of a string constant: offsets and bytes as ob_strings_encode() writes them. */
static ob_status_t decode_strings(ob_json_reader_t *r, const ob_json_place_t *at, const uint8_t *payload, size_t bytes, size_t count,
                                  const void **data) {
  ob_string_t *strings;
  size_t head;
  uint64_t begin, end;
  if (!ob_mul_size(count + 1, sizeof(uint64_t), &head) || head > bytes) return ob_json_fail(at, "the strings are cut short");
  OB_TRY(OB_ARENA_ARRAY(&r->module->arena, count, &strings));
  memcpy(&begin, payload, sizeof begin);
  if (begin != 0) return ob_json_fail(at, "the first string begins at byte %llu", (unsigned long long)begin);
  for (size_t i = 0; i < count; i++, begin = end) {
    memcpy(&end, payload + (i + 1) * sizeof end, sizeof end);
    if (end < begin || end > bytes - head) return ob_json_fail(at, "string %zu ends outside of the payload", i);
    strings[i] = (ob_string_t){(const char *)payload + head + begin, (size_t)(end - begin)};
  }
  if (begin != bytes - head) return ob_json_fail(at, "bytes are left over behind the strings");
  *data = strings;
  return OB_OK;
}

ob_status_t ob_read_payload(ob_json_reader_t *r, const ob_json_place_t *at, const json_t *json, const char *key, const char *name,
                            const void **data, size_t *bytes) {
  const char *tensor;
  OB_TRY(ob_json_get_string(at, json, key, &tensor));
  if (strcmp(tensor, name) != 0) return ob_json_fail(at, "'%s' is '%s', expected '%s'", key, ob_quote(tensor), ob_quote(name));
  OB_TRY(r->payloads->find(r->payloads->self, tensor, data, bytes));
  return *data ? OB_OK : ob_json_fail(at, "tensor '%s' is missing", ob_quote(tensor));
}

/* What a constant's elements are; NULL when the document says nothing of them. */
static ob_status_t read_elements(ob_json_reader_t *r, const ob_json_place_t *at, const json_t *json, ob_dtype_t dtype, size_t wanted,
                                 const void **data) {
  const char *tensor;
  ob_constant_t constant = {0};
  size_t bytes;
  *data = NULL;
  if (!json_object_get(json, "tensor")) return OB_OK;
  OB_TRY(ob_json_get_string(at, json, "name", &constant.name));
  OB_TRY(ob_constant_tensor(&r->module->arena, &constant, &tensor));
  OB_TRY(ob_read_payload(r, at, json, "tensor", tensor, data, &bytes));
  if (dtype == OB_STRING) return decode_strings(r, at, *data, bytes, wanted / sizeof(ob_string_t), data);
  return bytes == wanted ? OB_OK : ob_json_fail(at, "tensor '%s' has %zu bytes, its shape needs %zu", ob_quote(tensor), bytes, wanted);
}

static ob_status_t read_constant(ob_json_reader_t *r, const ob_json_place_t *at, const json_t *json, const ob_constant_t **constant) {
  const char *name, *dtype_name;
  const json_t *shape;
  const void *data;
  int64_t dims[OB_MAX_RANK];
  size_t bytes;
  OB_TRY(ob_json_get_string(at, json, "name", &name));
  OB_TRY(ob_json_get_string(at, json, "dtype", &dtype_name));
  OB_TRY(ob_json_get(at, json, "shape", JSON_ARRAY, &shape));
  ob_dtype_t dtype = ob_dtype_from_name(dtype_name);
  if (dtype == OB_UNDEFINED) return ob_json_fail(at, "'dtype' is '%s', which is no element type", ob_quote(dtype_name));
  if (json_array_size(shape) > OB_MAX_RANK) return ob_json_fail(at, "rank %zu, at most %d", json_array_size(shape), OB_MAX_RANK);
  int32_t rank = (int32_t)json_array_size(shape);
  for (int32_t i = 0; i < rank; i++) {
    const json_t *dim = json_array_get(shape, (size_t)i);
    if (!json_is_integer(dim)) return ob_json_fail(at, "dim %d is not an integer", (int)i);
    dims[i] = json_integer_value(dim);
  }
  if (!ob_tensor_bytes(dtype, rank, dims, &bytes)) return ob_json_fail(at, "a dim is negative or the size overflows");
  if (ob_map_get(&r->module->constants_by_name, name)) return ob_json_fail(at, "two constants are called '%s'", ob_quote(name));
  OB_TRY(read_elements(r, at, json, dtype, bytes, &data));
  return ob_constant_create(r->module, name, dtype, rank, dims, data, bytes, constant);
}

ob_status_t ob_read_constants(ob_json_reader_t *r, const ob_json_place_t *root, const json_t *json) {
  const json_t *list;
  OB_TRY(ob_json_get(root, json, "constants", JSON_ARRAY, &list));
  r->constant_count = json_array_size(list);
  OB_TRY(OB_ARENA_ARRAY(&r->module->arena, r->constant_count, &r->constants));
  for (size_t i = 0; i < r->constant_count; i++)
    OB_TRY(read_constant(r, OB_AT_INDEX(OB_AT(root, "constants"), i), json_array_get(list, i), &r->constants[i]));
  return OB_OK;
}

ob_status_t ob_read_constant_number(ob_json_reader_t *r, const ob_json_place_t *at, const json_t *object, const char *key,
                                    const ob_constant_t **constant) {
  int64_t number;
  OB_TRY(ob_json_get_int(at, object, key, 0, (int64_t)r->constant_count - 1, &number));
  *constant = r->constants[number];
  return OB_OK;
}

/* ---------------------------------------------------------------- values */

static ob_status_t read_content(ob_json_reader_t *r, const ob_json_place_t *at, const json_t *json, ob_value_t *value) {
  const json_t *content;
  int64_t size = 1;
  OB_TRY(ob_json_find(at, json, "content", JSON_ARRAY, &content));
  if (!content) return OB_OK;
  value->content_count = json_array_size(content);
  const ob_type_t *type = &value->type;
  bool fits = type->kind == OB_TENSOR && (type->dtype == OB_INT64 || type->dtype == OB_INT32 || type->dtype == OB_BOOL) &&
              (type->rank == 0 || (type->rank == 1 && ob_expr_is_const(type->dims[0], &size))) && (int64_t)value->content_count == size;
  if (!fits || value->content_count > OB_MAX_CONTENT) return ob_json_fail(at, "'content' does not fit the type");
  return ob_read_exprs(r, OB_AT(at, "content"), content, &value->content);
}

static ob_status_t read_value(ob_json_reader_t *r, const ob_json_place_t *at, const json_t *json, ob_graph_t *graph) {
  ob_value_t *value;
  const ob_constant_t *constant;
  const json_t *type;
  const char *name;
  OB_TRY(ob_json_get_string(at, json, "name", &name));
  if (ob_map_get(&graph->value_names, name)) return ob_json_fail(at, "two values are called '%s'", ob_quote(name));
  if (json_object_get(json, "constant")) {
    OB_TRY(ob_read_constant_number(r, at, json, "constant", &constant));
    return ob_value_from_constant_named(graph, constant, name, &value);
  }
  OB_TRY(ob_value_create(graph, name, &value));
  if (strcmp(value->name, name) != 0) return ob_json_fail(at, "a value has no name");
  OB_TRY(ob_json_get(at, json, "type", JSON_OBJECT, &type));
  OB_TRY(ob_read_type(r, OB_AT(at, "type"), type, 0, &value->type));
  return read_content(r, at, json, value);
}

/* A list of value numbers; null is NULL where that is allowed. */
static ob_status_t read_references(const ob_json_place_t *at, const json_t *list, const ob_graph_t *graph, bool nullable, ob_value_t **values) {
  for (size_t i = 0; i < json_array_size(list); i++) {
    const json_t *json = json_array_get(list, i);
    values[i] = NULL;
    if (nullable && json_is_null(json)) continue;
    int64_t number = json_is_integer(json) ? json_integer_value(json) : -1;
    if (number < 0 || (uint64_t)number >= graph->values.count)
      return ob_json_fail(OB_AT_INDEX(at, i), "is no number of a value, expected 0 to %zu", graph->values.count);
    values[i] = graph->values.items[number];
  }
  return OB_OK;
}

/* ---------------------------------------------------------------- attributes */

static ob_status_t read_float(const ob_json_place_t *at, const json_t *json, float *value) {
  static const struct {
    const char *name;
    float value;
  } special[] = {{"nan", NAN}, {"inf", INFINITY}, {"-inf", -INFINITY}};
  if (json_is_number(json)) {
    *value = (float)json_number_value(json);
    return OB_OK;
  }
  for (size_t i = 0; json_is_string(json) && i < 3; i++) {
    *value = special[i].value;
    if (strcmp(json_string_value(json), special[i].name) == 0) return OB_OK;
  }
  return ob_json_fail(at, "is no number");
}

static ob_status_t read_string(ob_json_reader_t *r, const ob_json_place_t *at, const json_t *json, ob_string_t *string) {
  const json_t *bytes;
  if (json_is_string(json)) {
    string->size = json_string_length(json);
    return ob_arena_strndup(&r->module->arena, json_string_value(json), string->size, &string->data);
  }
  OB_TRY(ob_json_get(at, json, "bytes", JSON_ARRAY, &bytes));
  char *data;
  string->size = json_array_size(bytes);
  OB_TRY(ob_arena_alloc(&r->module->arena, string->size + 1, (void **)&data));
  for (size_t i = 0; i < string->size; i++) {
    const json_t *byte = json_array_get(bytes, i);
    if (!json_is_integer(byte) || json_integer_value(byte) < 0 || json_integer_value(byte) > 255) return ob_json_fail(at, "byte %zu is no byte", i);
    data[i] = (char)json_integer_value(byte);
  }
  string->data = data;
  return OB_OK;
}

static ob_status_t read_list(ob_json_reader_t *r, const ob_json_place_t *at, const json_t *list, ob_attribute_t *a) {
  ob_arena_t *arena = &r->module->arena;
  float *floats;
  ob_string_t *strings;
  a->count = json_array_size(list);
  bool single = a->kind == OB_ATTRIBUTE_INT || a->kind == OB_ATTRIBUTE_FLOAT || a->kind == OB_ATTRIBUTE_STRING;
  if (single && a->count != 1) return ob_json_fail(at, "has %zu elements, expected 1", a->count);
  if (a->kind == OB_ATTRIBUTE_INT || a->kind == OB_ATTRIBUTE_INTS) return ob_read_exprs(r, at, list, &a->ints);
  bool is_float = a->kind == OB_ATTRIBUTE_FLOAT || a->kind == OB_ATTRIBUTE_FLOATS;
  OB_TRY(OB_ARENA_ARRAY(arena, is_float ? a->count : 0, &floats));
  OB_TRY(OB_ARENA_ARRAY(arena, is_float ? 0 : a->count, &strings));
  for (size_t i = 0; i < a->count; i++) {
    const json_t *json = json_array_get(list, i);
    OB_TRY(is_float ? read_float(OB_AT_INDEX(at, i), json, &floats[i]) : read_string(r, OB_AT_INDEX(at, i), json, &strings[i]));
  }
  if (is_float) a->floats = floats;
  else a->strings = strings;
  return OB_OK;
}

static ob_status_t read_attribute(ob_json_reader_t *r, const ob_json_place_t *at, const char *name, const json_t *json, ob_node_t *node) {
  static const char *const kinds[] = {"", "int", "float", "string", "ints", "floats", "strings", "tensor"};
  ob_attribute_t attribute = {.name = name};
  const json_t *member = NULL;
  for (int kind = OB_ATTRIBUTE_INT; kind <= OB_ATTRIBUTE_TENSOR; kind++) {
    if (!json_object_get(json, kinds[kind])) continue;
    attribute.kind = (ob_attribute_kind_t)kind;
    member = json_object_get(json, kinds[kind]);
  }
  if (!member || json_object_size(json) != 1) return ob_json_fail(at, "expected one of int, ints, float, floats, string, strings, tensor");
  if (attribute.kind == OB_ATTRIBUTE_TENSOR) {
    attribute.count = 1;
    OB_TRY(ob_read_constant_number(r, at, json, "tensor", &attribute.tensor));
  } else {
    if (!json_is_array(member)) return ob_json_fail(at, "expected an array");
    OB_TRY(read_list(r, at, member, &attribute));
  }
  return ob_node_set_attribute(node, &attribute);
}

/* ---------------------------------------------------------------- nodes */

static ob_status_t read_bodies(ob_json_reader_t *r, const ob_json_place_t *at, const json_t *json, ob_node_t *node) {
  const json_t *bodies, *captures;
  const char *attribute;
  json_t *body;
  OB_TRY(ob_json_find(at, json, "bodies", JSON_OBJECT, &bodies));
  if (!bodies) return OB_OK;
  OB_TRY(OB_ARENA_ARRAY(&r->module->arena, json_object_size(bodies), &node->bodies));
  json_object_foreach((json_t *)(uintptr_t)bodies, attribute, body) {
    const ob_json_place_t *place = OB_AT(OB_AT(at, "bodies"), attribute);
    ob_body_t *b = &node->bodies[node->body_count];
    OB_TRY(ob_arena_strdup(&r->module->arena, attribute, &b->attribute));
    OB_TRY(ob_read_claim_graph(r, place, body, &b->graph));
    OB_TRY(ob_json_get(place, body, "captures", JSON_ARRAY, &captures));
    b->capture_count = json_array_size(captures);
    OB_TRY(OB_ARENA_ARRAY(&r->module->arena, b->capture_count, &b->captures));
    OB_TRY(read_references(place, captures, node->graph, false, b->captures));
    node->body_count++;
  }
  return OB_OK;
}

/* The bodies that the operator has, in its order; none for others. */
static ob_status_t check_bodies(const ob_json_place_t *at, const ob_node_t *node) {
  size_t wanted = 0;
  for (const char *const *name = node->op->body_attributes; name && *name; name++, wanted++)
    if (wanted >= node->body_count || strcmp(node->bodies[wanted].attribute, *name) != 0)
      return ob_json_fail(at, "body '%s' is missing or out of order", *name);
  return wanted == node->body_count ? OB_OK : ob_json_fail(at, "operator %s has no such bodies", node->op->name);
}

static ob_status_t read_refusals(ob_json_reader_t *r, const ob_json_place_t *at, const json_t *json, ob_node_t *node) {
  const json_t *refusals;
  const char *engine;
  json_t *reason;
  OB_TRY(ob_json_find(at, json, "refusals", JSON_OBJECT, &refusals));
  if (!refusals) return OB_OK;
  OB_TRY(OB_ARENA_ARRAY(&r->module->arena, json_object_size(refusals), &node->refusals));
  json_object_foreach((json_t *)(uintptr_t)refusals, engine, reason) {
    ob_refusal_t *refusal = &node->refusals[node->refusal_count];
    if (!json_is_string(reason)) return ob_json_fail(OB_AT(at, "refusals"), "a reason is not a string");
    OB_TRY(ob_arena_strdup(&r->module->arena, engine, &refusal->engine));
    OB_TRY(ob_arena_strdup(&r->module->arena, json_string_value(reason), &refusal->reason));
    node->refusal_count++;
  }
  return OB_OK;
}

static ob_status_t read_op(const ob_json_place_t *at, const json_t *json, const ob_op_t **op) {
  const char *name, *domain;
  int64_t since;
  OB_TRY(ob_json_get_string(at, json, "op", &name));
  OB_TRY(ob_json_get_string(at, json, "domain", &domain));
  OB_TRY(ob_json_get_int(at, json, "since", 1, INT32_MAX, &since));
  bool call = strcmp(domain, ob_op_region.domain) == 0 && strcmp(name, ob_op_region.name) == 0;
  *op = call ? &ob_op_region : ob_op_find(domain, name);
  if (!*op) return ob_fail(OB_UNSUPPORTED, "the artifact uses operator %s of domain '%s', which this version does not know", ob_quote(name), ob_quote(domain));
  if ((*op)->since == since) return OB_OK;
  return ob_fail(OB_UNSUPPORTED, "the artifact uses %s as of opset %lld, this version has it as of %d: compile the model again", ob_quote(name),
                 (long long)since, (int)(*op)->since);
}

/* Links a node's outputs; each value has at most one maker. */
static ob_status_t set_outputs(const ob_json_place_t *at, ob_node_t *node, ob_value_t *const *outputs) {
  for (size_t i = 0; i < node->output_count; i++) {
    if (!outputs[i]) continue;
    if (outputs[i]->producer || outputs[i]->constant) return ob_json_fail(at, "value '%s' is made twice", ob_quote(outputs[i]->name));
    ob_node_set_output(node, i, outputs[i]);
  }
  return OB_OK;
}

static ob_status_t read_region_call(ob_json_reader_t *r, const ob_json_place_t *at, const json_t *json, ob_node_t *node, bool *called) {
  int64_t number;
  if (node->op != &ob_op_region) return OB_OK;
  OB_TRY(ob_json_get_int(at, json, "region", 0, (int64_t)r->module->regions.count - 1, &number));
  if (called[number]) return ob_json_fail(at, "region %d is called twice", (int)number);
  called[number] = true;
  node->region = r->module->regions.items[number];
  return OB_OK;
}

static ob_status_t read_node(ob_json_reader_t *r, const ob_json_place_t *at, const json_t *json, ob_graph_t *graph, bool *called) {
  static const char *const known[] = {"name",       "op",     "domain", "since",    "inputs", "outputs",
                                      "attributes", "bodies", "region", "refusals", NULL};
  const json_t *inputs, *outputs, *attributes;
  const ob_op_t *op;
  const char *name;
  json_t *value;
  ob_node_t *node;
  ob_value_t **made;
  OB_TRY(ob_json_get_string(at, json, "name", &name));
  OB_TRY(read_op(at, json, &op));
  OB_TRY(ob_json_get(at, json, "inputs", JSON_ARRAY, &inputs));
  OB_TRY(ob_json_get(at, json, "outputs", JSON_ARRAY, &outputs));
  OB_TRY(ob_json_get(at, json, "attributes", JSON_OBJECT, &attributes));
  OB_TRY(ob_node_create(graph, op, name, json_array_size(inputs), json_array_size(outputs), &node));
  OB_TRY(OB_ARENA_ARRAY(&r->module->arena, node->output_count, &made));
  OB_TRY(read_references(OB_AT(at, "inputs"), inputs, graph, true, node->inputs));
  OB_TRY(read_references(OB_AT(at, "outputs"), outputs, graph, true, made));
  OB_TRY(set_outputs(at, node, made));
  json_object_foreach((json_t *)(uintptr_t)attributes, name, value) {
    OB_TRY(read_attribute(r, OB_AT(OB_AT(at, "attributes"), name), name, value, node));
  }
  OB_TRY(read_bodies(r, at, json, node));
  OB_TRY(check_bodies(at, node));
  OB_TRY(read_region_call(r, at, json, node, called));
  OB_TRY(read_refusals(r, at, json, node));
  return ob_read_extra(r, json, known, &node->extra);
}

/* ---------------------------------------------------------------- graphs */

static ob_status_t read_ends(ob_json_reader_t *r, const ob_json_place_t *at, const json_t *json, ob_graph_t *graph) {
  const json_t *inputs, *outputs;
  ob_value_t **values;
  OB_TRY(ob_json_get(at, json, "inputs", JSON_ARRAY, &inputs));
  OB_TRY(ob_json_get(at, json, "outputs", JSON_ARRAY, &outputs));
  OB_TRY(OB_ARENA_ARRAY(&r->module->arena, json_array_size(inputs) + json_array_size(outputs), &values));
  OB_TRY(read_references(OB_AT(at, "inputs"), inputs, graph, false, values));
  OB_TRY(read_references(OB_AT(at, "outputs"), outputs, graph, false, values + json_array_size(inputs)));
  for (size_t i = 0; i < json_array_size(inputs); i++) {
    if (values[i]->constant) return ob_json_fail(OB_AT(at, "inputs"), "'%s' is a constant", ob_quote(values[i]->name));
    OB_TRY(ob_graph_add_input(graph, values[i]));
  }
  for (size_t i = 0; i < json_array_size(outputs); i++) OB_TRY(ob_graph_add_output(graph, values[json_array_size(inputs) + i]));
  return OB_OK;
}

static ob_status_t read_graph(ob_json_reader_t *r, const ob_json_place_t *at, const json_t *json, ob_graph_t *graph, bool *called) {
  static const char *const known[] = {"name", "inputs", "outputs", "values", "nodes", NULL};
  const json_t *values, *nodes;
  const char *name;
  OB_TRY(ob_json_get_string(at, json, "name", &name));
  OB_TRY(ob_arena_strdup(&r->module->arena, name, &graph->name));
  OB_TRY(ob_json_get(at, json, "values", JSON_ARRAY, &values));
  OB_TRY(ob_json_get(at, json, "nodes", JSON_ARRAY, &nodes));
  for (size_t i = 0; i < json_array_size(values); i++)
    OB_TRY(read_value(r, OB_AT_INDEX(OB_AT(at, "values"), i), json_array_get(values, i), graph));
  OB_TRY(read_ends(r, at, json, graph));
  for (size_t i = 0; i < json_array_size(nodes); i++)
    OB_TRY(read_node(r, OB_AT_INDEX(OB_AT(at, "nodes"), i), json_array_get(nodes, i), graph, called));
  for (size_t i = 0; i < graph->inputs.count; i++)
    if (graph->inputs.items[i]->producer) return ob_json_fail(at, "input '%s' is made by a node", ob_quote(graph->inputs.items[i]->name));
  return ob_read_extra(r, json, known, &graph->extra);
}

ob_status_t ob_read_graphs(ob_json_reader_t *r, const ob_json_place_t *root, const json_t *json) {
  const json_t *graphs = json_object_get(json, "graphs");
  bool *called;
  OB_TRY(OB_ARENA_ARRAY(&r->module->arena, r->module->regions.count, &called));
  for (size_t i = 0; i < json_array_size(graphs); i++)
    OB_TRY(read_graph(r, OB_AT_INDEX(OB_AT(root, "graphs"), i), json_array_get(graphs, i), r->module->graphs.items[i], called));
  for (size_t i = 0; i < r->module->regions.count; i++)
    if (!called[i]) return ob_json_fail(root, "region '%s' is called by nothing", ob_quote(r->module->regions.items[i]->symbol));
  return OB_OK;
}
