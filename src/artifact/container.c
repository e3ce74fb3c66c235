/* Reading the container: every length and range is checked before anything is used. */
#include "artifact/container.h"
#include "artifact/graph_json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/checked.h"
#include "base/hash.h"

enum { LARGEST_HEADER = 100 << 20 /* the limit of the safetensors package */ };

/* Element types of safetensors that Outboard writes, and their size in bytes. */
static size_t element_size(const char *dtype) {
  static const struct {
    const char *name;
    size_t size;
  } types[] = {{"BOOL", 1}, {"U8", 1}, {"I8", 1},  {"F8_E5M2", 1}, {"F8_E4M3", 1}, {"I16", 2}, {"U16", 2}, {"F16", 2},
               {"BF16", 2}, {"I32", 4}, {"U32", 4}, {"F32", 4},     {"F64", 8},     {"I64", 8}, {"U64", 8}};
  for (size_t i = 0; i < sizeof types / sizeof *types; i++)
    if (strcmp(types[i].name, dtype) == 0) return types[i].size;
  return 0;
}

static ob_status_t read_size(const ob_json_place_t *at, const json_t *json, size_t *size) {
  if (!json_is_integer(json) || json_integer_value(json) < 0) return ob_json_fail(at, "is no size");
  *size = (size_t)json_integer_value(json);
  return OB_OK;
}

static ob_status_t read_entry(const ob_json_place_t *at, const json_t *json, size_t data_size, ob_tensor_entry_t *entry) {
  const json_t *shape, *offsets;
  const char *dtype;
  size_t begin, end, bytes, dim;
  OB_TRY(ob_json_get_string(at, json, "dtype", &dtype));
  OB_TRY(ob_json_get(at, json, "shape", JSON_ARRAY, &shape));
  OB_TRY(ob_json_get(at, json, "data_offsets", JSON_ARRAY, &offsets));
  if (json_array_size(offsets) != 2) return ob_json_fail(at, "'data_offsets' has %zu numbers, expected 2", json_array_size(offsets));
  OB_TRY(read_size(at, json_array_get(offsets, 0), &begin));
  OB_TRY(read_size(at, json_array_get(offsets, 1), &end));
  if (begin > end || end > data_size)
    return ob_json_fail(at, "bytes %zu to %zu of a payload of %zu: the file is damaged or cut short", begin, end, data_size);
  bytes = element_size(dtype);
  if (bytes == 0) return ob_json_fail(at, "element type '%s' is unknown", ob_quote(dtype));
  for (size_t i = 0; i < json_array_size(shape); i++) {
    OB_TRY(read_size(at, json_array_get(shape, i), &dim));
    if (!ob_mul_size(bytes, dim, &bytes)) return ob_json_fail(at, "the shape overflows");
  }
  if (bytes != end - begin) return ob_json_fail(at, "the shape needs %zu bytes, the range has %zu", bytes, end - begin);
  entry->offset = begin;
  entry->bytes = bytes;
  return OB_OK;
}

static int by_offset(const void *left, const void *right) {
  const ob_tensor_entry_t *a = left, *b = right;
  if (a->offset != b->offset) return a->offset < b->offset ? -1 : 1;
  return (a->bytes > 0) - (b->bytes > 0); /* empty ones first: they may stand where another begins */
}

static bool is_padding(const char *name) { return strncmp(name, OB_PADDING_PREFIX, strlen(OB_PADDING_PREFIX)) == 0; }

/* No holes, no overlaps, nothing left over, payloads aligned. */
static ob_status_t check_ranges(const ob_json_place_t *at, const ob_container_t *c, size_t data_size) {
  size_t end = 0;
  for (size_t i = 0; i < c->count; i++) {
    const ob_tensor_entry_t *entry = &c->entries[i];
    if (entry->offset != end) return ob_json_fail(at, "tensor '%s' begins at byte %zu, the one before it ends at %zu", ob_quote(entry->name), entry->offset, end);
    end += entry->bytes;
    if (!is_padding(entry->name) && (uintptr_t)entry->data % OB_PAYLOAD_ALIGNMENT != 0)
      return ob_json_fail(at, "tensor '%s' is not aligned to %d bytes", ob_quote(entry->name), OB_PAYLOAD_ALIGNMENT);
  }
  return end == data_size ? OB_OK : ob_json_fail(at, "%zu bytes behind the last tensor", data_size - end);
}

/* Checksums are one text of 16 hexadecimal digits a tensor, in the order of the payload. */
static ob_status_t read_checksums(const ob_json_place_t *at, const char *text, ob_container_t *c) {
  if (strlen(text) != 16 * c->count) return ob_json_fail(at, "the checksums do not fit %zu tensors", c->count);
  for (size_t i = 0; i < c->count; i++) {
    char digits[17], *end;
    memcpy(digits, text + 16 * i, 16);
    digits[16] = 0;
    c->entries[i].checksum = strtoull(digits, &end, 16);
    if (*end || digits[0] == '-' || digits[0] == '+' || digits[0] == ' ') return ob_json_fail(at, "checksum %zu is no number", i);
  }
  return OB_OK;
}

/* Before anything else of the file is understood: another major version may mean something else by it. */
static ob_status_t check_version(const ob_json_place_t *at, const json_t *metadata) {
  const char *version;
  char *end;
  OB_TRY(ob_json_get_string(at, metadata, "version", &version));
  unsigned long major = strtoul(version, &end, 10);
  if (end == version || *end != '.') return ob_json_fail(at, "'%s' is no version", ob_quote(version));
  if (major == OB_FORMAT_MAJOR) return OB_OK;
  return ob_fail(OB_UNSUPPORTED, "the artifact has format version %s, this is version %d.%d: compile the model again with this version",
                 ob_quote(version), OB_FORMAT_MAJOR, OB_FORMAT_MINOR);
}

static ob_status_t read_metadata(const ob_json_place_t *root, ob_container_t *c, const char **checksums) {
  const json_t *metadata;
  const char *format;
  ob_json_place_t at = {root, "__metadata__", 0, OB_OK};
  OB_TRY(ob_json_get(root, c->header, "__metadata__", JSON_OBJECT, &metadata));
  OB_TRY(ob_json_get_string(&at, metadata, "format", &format));
  if (strcmp(format, "outboard") != 0) return ob_json_fail(&at, "the format is '%s', expected 'outboard': not an artifact", ob_quote(format));
  OB_TRY(check_version(&at, metadata));
  OB_TRY(ob_json_get_string(&at, metadata, "graph_sha256", &c->graph_sha256));
  return ob_json_get_string(&at, metadata, "checksums", checksums);
}

static ob_status_t read_header(ob_container_t *c, const uint8_t *payload, size_t data_size) {
  ob_json_place_t root = {NULL, "header", 0, OB_INVALID_ARTIFACT};
  const char *name, *checksums;
  json_t *json;
  if (!json_is_object(c->header)) return ob_json_fail(&root, "expected an object");
  OB_TRY(read_metadata(&root, c, &checksums));
  OB_TRY(OB_NEW_ARRAY(c->allocator, json_object_size(c->header), &c->entries));
  json_object_foreach(c->header, name, json) {
    if (strcmp(name, "__metadata__") == 0) continue;
    ob_json_place_t at = {&root, name, 0, OB_OK};
    ob_tensor_entry_t *entry = &c->entries[c->count];
    OB_TRY(read_entry(&at, json, data_size, entry));
    entry->name = name;
    entry->data = payload + entry->offset;
    c->count++;
  }
  qsort(c->entries, c->count, sizeof *c->entries, by_offset);
  OB_TRY(check_ranges(&root, c, data_size));
  OB_TRY(read_checksums(&root, checksums, c));
  for (size_t i = 0; i < c->count; i++) OB_TRY(ob_map_set(&c->by_name, c->entries[i].name, &c->entries[i]));
  return OB_OK;
}

ob_status_t ob_container_open(const void *data, size_t size, const ob_allocator_t *allocator, ob_container_t *c) {
  uint64_t header_size;
  *c = (ob_container_t){.allocator = allocator};
  ob_map_init(&c->by_name, allocator);
  if (size < sizeof header_size) return ob_fail(OB_INVALID_ARTIFACT, "the file has %zu bytes: too short for an artifact", size);
  memcpy(&header_size, data, sizeof header_size);
  if (header_size == 0 || header_size > LARGEST_HEADER || header_size > size - sizeof header_size)
    return ob_fail(OB_INVALID_ARTIFACT, "the header's length is %llu, in a file of %zu bytes: damaged, cut short, or not an artifact",
                   (unsigned long long)header_size, size);
  const char *text = (const char *)data + sizeof header_size;
  OB_TRY(ob_json_parse(text, (size_t)header_size, "header", OB_INVALID_ARTIFACT, &c->header));
  size_t begin = sizeof header_size + (size_t)header_size;
  ob_status_t status = read_header(c, (const uint8_t *)data + begin, size - begin);
  if (status != OB_OK) ob_container_close(c);
  return status;
}

void ob_container_close(ob_container_t *c) {
  json_decref(c->header);
  ob_free(c->allocator, c->entries);
  ob_map_free(&c->by_name);
  *c = (ob_container_t){.allocator = c->allocator};
}

ob_status_t ob_container_take(ob_container_t *c, const char *name, const ob_tensor_entry_t **entry) {
  ob_tensor_entry_t *found = ob_map_get(&c->by_name, name);
  *entry = found;
  if (!found) return OB_OK;
  if (is_padding(name)) return ob_fail(OB_INVALID_ARTIFACT, "tensor '%s' is padding, but the graph uses it", ob_quote(name));
  if (found->taken) return ob_fail(OB_INVALID_ARTIFACT, "tensor '%s' is used twice", ob_quote(name));
  found->taken = true;
  return OB_OK;
}

ob_status_t ob_container_check(const ob_container_t *c) {
  for (size_t i = 0; i < c->count; i++)
    if (ob_checksum(c->entries[i].data, c->entries[i].bytes) != c->entries[i].checksum)
      return ob_fail(OB_INVALID_ARTIFACT, "tensor '%s' is damaged: its checksum differs; compile the model again", ob_quote(c->entries[i].name));
  return OB_OK;
}
