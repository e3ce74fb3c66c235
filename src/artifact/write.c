/* Writing artifacts: the same module gives the same bytes. */
#include <stdio.h>
#include <string.h>

#include "artifact/artifact.h"
#include "artifact/container.h"
#include "base/array.h"
#include "base/checked.h"
#include "base/dtype.h"
#include "base/hash.h"

/* A tensor on its way into the file. */
typedef struct {
  const char *name, *dtype; /* of safetensors */
  int32_t rank;
  const int64_t *dims;
  int64_t flat; /* dims of rank 1, when it is stored as bytes */
  const void *data;
  size_t bytes, offset;
} item_t;

typedef struct {
  const ob_allocator_t *allocator;
  ob_arena_t arena;
  OB_ARRAY(item_t) items;
  OB_ARRAY(void *) owned; /* encoded strings */
  size_t end;
  char *graph;
  char sha256[65];
} writer_t;

static const uint8_t zeros[OB_PAYLOAD_ALIGNMENT];

/* The element type as safetensors calls it; NULL: stored as bytes, and the graph knows what they are. */
static const char *native_name(ob_dtype_t dtype) {
  static const char *const names[OB_DTYPE_COUNT] = {
      [OB_FLOAT32] = "F32",   [OB_UINT8] = "U8",    [OB_INT8] = "I8",     [OB_UINT16] = "U16",           [OB_INT16] = "I16",
      [OB_INT32] = "I32",     [OB_INT64] = "I64",   [OB_BOOL] = "BOOL",   [OB_FLOAT16] = "F16",          [OB_FLOAT64] = "F64",
      [OB_UINT32] = "U32",    [OB_UINT64] = "U64",  [OB_BFLOAT16] = "BF16", [OB_FLOAT8E4M3FN] = "F8_E4M3", [OB_FLOAT8E5M2] = "F8_E5M2"};
  return names[dtype];
}

static ob_status_t push(writer_t *w, item_t item) {
  item.offset = w->end;
  if (!ob_add_size(w->end, item.bytes, &w->end)) return ob_fail(OB_UNSUPPORTED, "the artifact exceeds the address space");
  return ob_array_push(w->allocator, &w->items, item);
}

/* Padding, so that the next tensor is aligned. */
static ob_status_t align(writer_t *w) {
  size_t bytes = (size_t)(-w->end & (OB_PAYLOAD_ALIGNMENT - 1));
  const char *name;
  if (bytes == 0) return OB_OK;
  OB_TRY(ob_arena_printf(&w->arena, &name, OB_PADDING_PREFIX "%zu", w->items.count));
  return push(w, (item_t){name, "U8", 1, NULL, (int64_t)bytes, zeros, bytes, 0});
}

static ob_status_t add_bytes(writer_t *w, const char *name, const void *data, size_t bytes) {
  OB_TRY(align(w));
  return push(w, (item_t){name, "U8", 1, NULL, (int64_t)bytes, data, bytes, 0});
}

static ob_status_t add_strings(writer_t *w, const char *name, const ob_constant_t *constant) {
  void *payload;
  size_t bytes;
  OB_TRY(ob_array_reserve(w->allocator, &w->owned, 1));
  OB_TRY(ob_strings_encode(constant, w->allocator, &payload, &bytes));
  w->owned.items[w->owned.count++] = payload;
  return add_bytes(w, name, payload, bytes);
}

static ob_status_t add_constant(writer_t *w, const ob_constant_t *constant) {
  const char *name, *dtype = native_name(constant->dtype);
  if (!constant->data) return OB_OK; /* kept in packed form only */
  OB_TRY(ob_constant_tensor(&w->arena, constant, &name));
  if (constant->dtype == OB_STRING) return add_strings(w, name, constant);
  if (!dtype) return add_bytes(w, name, constant->data, constant->bytes);
  OB_TRY(align(w));
  return push(w, (item_t){name, dtype, constant->rank, constant->dims, 0, constant->data, constant->bytes, 0});
}

static ob_status_t add_region(writer_t *w, const ob_region_t *region) {
  const char *name;
  for (size_t i = 0; i < region->packed.count; i++) {
    OB_TRY(ob_packed_tensor(&w->arena, region, i, &name));
    OB_TRY(add_bytes(w, name, region->packed.items[i].data, region->packed.items[i].bytes));
  }
  if (!region->blob) return OB_OK;
  OB_TRY(ob_blob_tensor(&w->arena, region, &name));
  return add_bytes(w, name, region->blob, region->blob_bytes);
}

static ob_status_t add_graph(writer_t *w, const ob_module_t *module) {
  ob_sha256_t hash;
  uint8_t digest[32];
  json_t *json;
  size_t size;
  OB_TRY(ob_module_to_json(module, &json));
  ob_status_t status = ob_json_dump(json, w->allocator, &w->graph, &size);
  json_decref(json);
  if (status != OB_OK) return status;
  ob_sha256_init(&hash);
  ob_sha256_update(&hash, w->graph, size);
  ob_sha256_final(&hash, digest);
  ob_sha256_hex(digest, w->sha256);
  return add_bytes(w, OB_GRAPH_TENSOR, w->graph, size);
}

/* ---------------------------------------------------------------- the header */

static ob_status_t set(json_t *object, const char *key, json_t *value) {
  return json_object_set_new_nocheck(object, key, value) == 0 ? OB_OK : ob_fail_memory();
}

static ob_status_t set_metadata(const writer_t *w, json_t *header) {
  char version[16], *checksums;
  json_t *metadata = json_object();
  OB_TRY(set(header, "__metadata__", metadata));
  snprintf(version, sizeof version, "%d.%d", OB_FORMAT_MAJOR, OB_FORMAT_MINOR);
  OB_TRY(set(metadata, "format", json_string("outboard")));
  OB_TRY(set(metadata, "version", json_string(version)));
  OB_TRY(set(metadata, "graph_sha256", json_string(w->sha256)));
  OB_TRY(ob_alloc_array(w->allocator, w->items.count + 1, 16, (void **)&checksums));
  for (size_t i = 0; i < w->items.count; i++)
    snprintf(checksums + 16 * i, 17, "%016llx", (unsigned long long)ob_checksum(w->items.items[i].data, w->items.items[i].bytes));
  ob_status_t status = set(metadata, "checksums", json_string(checksums));
  ob_free(w->allocator, checksums);
  return status;
}

static ob_status_t set_item(json_t *header, const item_t *item) {
  json_t *entry = json_object(), *shape = json_array(), *offsets = json_array();
  ob_status_t status = set(header, item->name, entry); /* each set takes its reference, also when it fails */
  if (status == OB_OK) status = set(entry, "dtype", json_string(item->dtype));
  if (status != OB_OK) {
    json_decref(shape);
    json_decref(offsets);
    return status;
  }
  status = set(entry, "shape", shape);
  if (status != OB_OK) {
    json_decref(offsets);
    return status;
  }
  OB_TRY(set(entry, "data_offsets", offsets));
  for (int32_t i = 0; i < item->rank; i++)
    if (json_array_append_new(shape, json_integer(item->dims ? item->dims[i] : item->flat)) != 0) return ob_fail_memory();
  if (json_array_append_new(offsets, json_integer((int64_t)item->offset)) != 0) return ob_fail_memory();
  return json_array_append_new(offsets, json_integer((int64_t)(item->offset + item->bytes))) == 0 ? OB_OK : ob_fail_memory();
}

static ob_status_t fill_header(const writer_t *w, json_t *header) {
  OB_TRY(set_metadata(w, header));
  for (size_t i = 0; i < w->items.count; i++) OB_TRY(set_item(header, &w->items.items[i]));
  return OB_OK;
}

static ob_status_t make_header(const writer_t *w, char **text, size_t *size) {
  json_t *header = json_object();
  if (!header) return ob_fail_memory();
  ob_status_t status = fill_header(w, header);
  if (status == OB_OK) status = ob_json_dump(header, w->allocator, text, size);
  json_decref(header);
  return status;
}

/* ---------------------------------------------------------------- the file */

static ob_status_t write_payload(const writer_t *w, ob_writer_t *file, const char *header, size_t size) {
  size_t room; /* the payload begins aligned: the header is filled up with spaces */
  if (!ob_align_size(sizeof(uint64_t) + size, OB_PAYLOAD_ALIGNMENT, &room)) return ob_fail_memory();
  uint64_t length = room - sizeof length;
  OB_TRY(ob_writer_write(file, &length, sizeof length));
  OB_TRY(ob_writer_write(file, header, size));
  for (size_t i = size; i < length; i++) OB_TRY(ob_writer_write(file, " ", 1));
  for (size_t i = 0; i < w->items.count; i++) OB_TRY(ob_writer_write(file, w->items.items[i].data, w->items.items[i].bytes));
  return OB_OK;
}

static ob_status_t write_file(const writer_t *w, const char *path) {
  ob_writer_t file;
  char *header;
  size_t size;
  OB_TRY(make_header(w, &header, &size));
  ob_status_t status = ob_writer_open(&file, path, w->allocator);
  if (status == OB_OK) {
    status = write_payload(w, &file, header, size);
    if (status == OB_OK) status = ob_writer_commit(&file);
    else ob_writer_abort(&file);
  }
  ob_free(w->allocator, header);
  return status;
}

static ob_status_t gather(writer_t *w, const ob_module_t *module) {
  OB_TRY(add_graph(w, module));
  for (size_t i = 0; i < module->constants.count; i++) OB_TRY(add_constant(w, module->constants.items[i]));
  for (size_t i = 0; i < module->regions.count; i++) OB_TRY(add_region(w, module->regions.items[i]));
  return align(w); /* vector loads at the end of the last weight stay inside the mapping */
}

ob_status_t ob_artifact_write(const ob_module_t *module, const char *path, const ob_allocator_t *allocator) {
  writer_t w = {.allocator = ob_allocator_or_default(allocator)};
  ob_arena_init(&w.arena, w.allocator);
  ob_status_t status = gather(&w, module);
  if (status == OB_OK) status = write_file(&w, path);
  for (size_t i = 0; i < w.owned.count; i++) ob_free(w.allocator, w.owned.items[i]);
  ob_array_free(w.allocator, &w.owned);
  ob_array_free(w.allocator, &w.items);
  ob_free(w.allocator, w.graph);
  ob_arena_free(&w.arena);
  return status;
}
