/* What tests and fuzz targets of the artifact share: a small module that has one of everything, and a container around any JSON. */
#ifndef OB_ARTIFACT_TESTING_H
#define OB_ARTIFACT_TESTING_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "artifact/artifact.h"
#include "base/dtype.h"
#include "base/hash.h"

/* ---------------------------------------------------------------- a module */

static inline ob_status_t testing_constant(ob_graph_t *graph, const char *name, ob_dtype_t dtype, int32_t rank, const int64_t *dims,
                                           ob_value_t **value) {
  const ob_constant_t *constant;
  void *data;
  OB_TRY(ob_constant_allocate(graph->module, name, dtype, rank, dims, &data, &constant));
  if (dtype == OB_STRING) {
    for (size_t i = 0; i < constant->bytes / sizeof(ob_string_t); i++) ((ob_string_t *)data)[i] = (ob_string_t){"text", i % 5};
  } else {
    for (size_t i = 0; i < constant->bytes; i++) ((uint8_t *)data)[i] = dtype == OB_BOOL ? i & 1 : (uint8_t)(i * 7 + 1);
  }
  return ob_value_from_constant(graph, constant, value);
}

static inline ob_status_t testing_value(ob_graph_t *graph, const char *name, const ob_expr_t *const *dims, int32_t rank, ob_value_t **value) {
  OB_TRY(ob_value_create(graph, name, value));
  return ob_type_tensor(graph->module, OB_FLOAT32, rank, dims, &(*value)->type);
}

/* The body of the region: x[N, 4] + w[4], with a layout for w packed and a blob. */
static inline ob_status_t testing_region(ob_module_t *module, const ob_expr_t *const *dims, ob_region_t **region) {
  static const uint8_t packed[64] = {1, 2, 3}, blob[10] = "blob data";
  ob_graph_t *body;
  ob_value_t *x, *w, *y;
  ob_node_t *add;
  ob_region_t *r;
  OB_TRY(ob_graph_create(module, "body", &body));
  OB_TRY(testing_value(body, "x", dims, 2, &x));
  OB_TRY(testing_value(body, "y", dims, 2, &y));
  OB_TRY(testing_constant(body, "w", OB_FLOAT32, 1, (const int64_t[]){4}, &w));
  OB_TRY(ob_graph_add_input(body, x));
  OB_TRY(ob_graph_add_output(body, y));
  OB_TRY(ob_node_create(body, ob_op_find("", "Add"), "add", 2, 1, &add));
  add->inputs[0] = x, add->inputs[1] = w;
  ob_node_set_output(add, 0, y);
  OB_TRY(OB_ARENA_NEW(&module->arena, &r));
  r->symbol = "ref_0", r->engine = "ref", r->why = "first that takes it", r->body = body;
  r->fingerprint = "ref 1", r->blob = blob, r->blob_bytes = sizeof blob;
  ob_packed_t form = {.constant = w->constant, .data = packed, .bytes = sizeof packed};
  form.layout = (ob_layout_t){.rank = 1, .block_count = 1, .order = {0}, .block_dim = {0}, .block_size = {16}};
  OB_TRY(ob_array_push(module->allocator, &r->packed, form));
  OB_TRY(ob_array_push(module->allocator, &module->regions, r));
  *region = r;
  return OB_OK;
}

/* Constants of every element type, one without elements, one whose name is reserved; all are outputs of the graph. */
static inline ob_status_t testing_constants(ob_graph_t *graph) {
  ob_value_t *value;
  for (int dtype = 1; dtype < OB_DTYPE_COUNT; dtype++) {
    OB_TRY(testing_constant(graph, ob_dtype_name((ob_dtype_t)dtype), (ob_dtype_t)dtype, 2, (const int64_t[]){3, 5}, &value));
    OB_TRY(ob_graph_add_output(graph, value));
  }
  OB_TRY(testing_constant(graph, "empty", OB_FLOAT64, 2, (const int64_t[]){0, 3}, &value));
  OB_TRY(ob_graph_add_output(graph, value));
  OB_TRY(testing_constant(graph, "outboard.graph", OB_INT8, 0, NULL, &value));
  return ob_graph_add_output(graph, value);
}

static inline ob_status_t testing_fill(ob_module_t *module) {
  const ob_expr_t *n, *dims[2];
  ob_value_t *x, *y;
  ob_region_t *region;
  ob_node_t *call;
  OB_TRY(ob_expr_symbol(module->exprs, "N", OB_SYMBOL_DIM, 0, 0, &n));
  dims[0] = n;
  OB_TRY(ob_expr_const(module->exprs, 4, &dims[1]));
  OB_TRY(ob_graph_create(module, "main", &module->main));
  OB_TRY(testing_value(module->main, "x", dims, 2, &x));
  OB_TRY(testing_value(module->main, "a name with \"quotes\", \n and \x1b[2J", dims, 2, &y));
  OB_TRY(ob_graph_add_input(module->main, x));
  OB_TRY(ob_graph_add_output(module->main, y));
  OB_TRY(testing_region(module, dims, &region));
  OB_TRY(ob_node_create(module->main, &ob_op_region, "call", 1, 1, &call));
  call->inputs[0] = x, call->region = region;
  ob_node_set_output(call, 0, y);
  OB_TRY(testing_constants(module->main));
  OB_TRY(ob_array_push(module->allocator, &module->metadata, "author"));
  OB_TRY(ob_array_push(module->allocator, &module->metadata, "nobody"));
  return ob_arena_strdup(&module->arena, "test", &module->producer);
}

static inline ob_status_t testing_module(const ob_allocator_t *allocator, ob_module_t **module) {
  OB_TRY(ob_module_create(allocator, module));
  ob_status_t status = testing_fill(*module);
  if (status == OB_OK) return OB_OK;
  ob_module_free(*module);
  *module = NULL;
  return status;
}

/* ---------------------------------------------------------------- a file around a header or a graph */

static inline uint8_t *testing_file(const char *header, size_t header_size, const void *payload, size_t payload_size, size_t *size) {
  uint64_t length = (8 + header_size + 63) / 64 * 64 - 8;
  *size = 8 + (size_t)length + payload_size;
  uint8_t *file = aligned_alloc(64, (*size + 63) / 64 * 64);
  if (!file) abort();
  memcpy(file, &length, 8);
  memset(file + 8, ' ', (size_t)length);
  memcpy(file + 8, header, header_size);
  if (payload_size > 0) memcpy(file + 8 + length, payload, payload_size);
  return file;
}

/* The artifact `original` with another graph JSON in it, rightly hashed. Owner: caller, free(). */
static inline uint8_t *testing_artifact(const void *original, const char *graph, size_t graph_size, size_t *size) {
  uint64_t old_header;
  memcpy(&old_header, original, 8);
  json_t *header = json_loadb((const char *)original + 8, (size_t)old_header, 0, NULL), *entry;
  const char *name;
  const uint8_t *payload = (const uint8_t *)original + 8 + old_header;
  size_t old_graph = 0, end = 0, room = (graph_size + 63) / 64 * 64;
  uint8_t digest[32];
  char hex[65];
  ob_sha256_t hash;
  json_object_foreach(header, name, entry) {
    json_t *offsets = json_object_get(entry, "data_offsets");
    if (!offsets) continue;
    size_t last = (size_t)json_integer_value(json_array_get(offsets, 1));
    if (strcmp(name, "outboard.graph") == 0) old_graph = (last + 63) / 64 * 64;
    end = last > end ? last : end;
  }
  uint8_t *all = calloc(1, room + end - old_graph);
  if (!all) abort();
  memcpy(all, graph, graph_size);
  memset(all + graph_size, ' ', room - graph_size); /* the graph takes its padding: JSON may end in spaces */
  memcpy(all + room, payload + old_graph, end - old_graph);
  size_t count = 0;
  json_t *fresh = json_object();
  json_object_foreach(header, name, entry) {
    json_t *offsets = json_object_get(entry, "data_offsets");
    size_t first = (size_t)json_integer_value(json_array_get(offsets, 0)), last = (size_t)json_integer_value(json_array_get(offsets, 1));
    if (!offsets || (last <= old_graph && strcmp(name, "outboard.graph") != 0 && first < old_graph)) continue;
    bool is_graph = strcmp(name, "outboard.graph") == 0;
    first = is_graph ? 0 : first - old_graph + room, last = is_graph ? room : last - old_graph + room;
    json_t *shape = is_graph ? json_pack("[I]", (json_int_t)room) : json_incref(json_object_get(entry, "shape"));
    json_object_set_new_nocheck(fresh, name, json_pack("{s:O,s:o,s:[I,I]}", "dtype", json_object_get(entry, "dtype"), "shape", shape,
                                               "data_offsets", (json_int_t)first, (json_int_t)last));
    count++;
  }
  ob_sha256_init(&hash);
  ob_sha256_update(&hash, all, room);
  ob_sha256_final(&hash, digest);
  ob_sha256_hex(digest, hex);
  char *checksums = calloc(count + 1, 16);
  if (!checksums) abort();
  size_t i = 0;
  json_object_foreach(fresh, name, entry) { /* the file's order is that of the payload */
    json_t *offsets = json_object_get(entry, "data_offsets");
    size_t first = (size_t)json_integer_value(json_array_get(offsets, 0)), last = (size_t)json_integer_value(json_array_get(offsets, 1));
    snprintf(checksums + 16 * i++, 17, "%016llx", (unsigned long long)ob_checksum(all + first, last - first));
  }
  json_object_set_new_nocheck(fresh, "__metadata__", json_pack("{s:s,s:s,s:s,s:s}", "format", "outboard", "version", "1.0", "graph_sha256", hex,
                                                       "checksums", checksums));
  char *text = json_dumps(fresh, JSON_COMPACT);
  uint8_t *file = testing_file(text, strlen(text), all, room + end - old_graph, size);
  free(text);
  free(checksums);
  free(all);
  json_decref(header);
  json_decref(fresh);
  return file;
}

#endif
