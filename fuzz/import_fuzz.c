/* Any bytes as an ONNX model: imported, checked, exported and imported again, rewritten by the passes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <outboard/outboard.h>

#include "import/onnx/onnx.h"
#include "pass/pass.h"

/* A defect that no input may show. */
static void stop(const char *what) {
  fprintf(stderr, "%s: %s\n", what, ob_error_message());
  abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  ob_import_options_t options = {0};
  ob_module_t *module, *again;
  void *bytes;
  size_t exported;
  ob_status_t status = ob_import_onnx(data, size, &options, &module);
  if (status == OB_INTERNAL) stop("import");
  if (status != OB_OK) return 0;
  if (ob_graph_check(module->main) != OB_OK) stop("the imported graph");
  if (ob_export_onnx(module->main, NULL, &bytes, &exported) == OB_OK) {
    status = ob_import_onnx(bytes, exported, &options, &again);
    if (status == OB_INTERNAL) stop("import of the export");
    ob_module_free(again);
    ob_free(ob_allocator_default(), bytes);
  }
  const ob_pass_context_t context = {0};
  status = ob_passes_run(module, &context);
  if (status == OB_INTERNAL) stop("passes");
  if (status == OB_OK && ob_graph_check(module->main) != OB_OK) stop("the rewritten graph");
  ob_module_free(module);
  return 0;
}

/* ------------------------------------------------------------ mutation that keeps lengths right
 *
 * Nearly every change of a byte breaks the length of some message, and the importer stops there. So fields are changed as fields:
 * one is picked, its content is changed (as a message, when it looks like one), and the lengths around it are written anew. */
#ifdef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);

enum { MAX_FIELDS = 256, MAX_SIZE = 1 << 16 };

typedef struct field {
  size_t start, body, end; /* body: where the content begins */
  unsigned type;
} field_t;

static uint32_t next_random(uint32_t *state) {
  *state = *state * 1664525u + 1013904223u;
  return *state >> 8;
}

static size_t read_varint(const uint8_t *data, size_t size, size_t at, uint64_t *value) {
  *value = 0;
  for (unsigned shift = 0; shift < 64 && at < size; shift += 7) {
    *value |= (uint64_t)(data[at] & 0x7f) << shift;
    if (data[at++] < 0x80) return at;
  }
  return 0;
}

/* Fields of a message; 0 when it is none. */
static size_t split(const uint8_t *data, size_t size, field_t *fields) {
  size_t count = 0, at = 0;
  while (at < size && count < MAX_FIELDS) {
    uint64_t tag, value;
    field_t field = {.start = at};
    size_t body = read_varint(data, size, at, &tag);
    if (body == 0 || tag >> 3 == 0) return 0;
    field.type = (unsigned)(tag & 7);
    size_t end = field.type == 0 ? read_varint(data, size, body, &value) : field.type == 5 ? body + 4 : body + 8;
    if (field.type == 2) {
      body = read_varint(data, size, body, &value);
      end = body == 0 || value > size - body ? 0 : body + (size_t)value;
    } else if (field.type != 0 && field.type != 1 && field.type != 5) {
      return 0;
    }
    if (end == 0 || end > size) return 0;
    field.body = body, field.end = end;
    fields[count++] = field;
    at = end;
  }
  return count;
}

/* Replaces data[from..to) by `piece`; returns the new size, or the old one when there is no room. */
static size_t replace(uint8_t *data, size_t size, size_t max_size, size_t from, size_t to, const uint8_t *piece, size_t length) {
  if (size - (to - from) + length > max_size) return size;
  memmove(data + from + length, data + to, size - to);
  memcpy(data + from, piece, length);
  return size - (to - from) + length;
}

static size_t put_varint(uint8_t *out, uint64_t value) {
  size_t n = 0;
  for (; value >= 0x80; value >>= 7) out[n++] = (uint8_t)(value | 0x80);
  out[n++] = (uint8_t)value;
  return n;
}

static size_t mutate(uint8_t *data, size_t size, size_t max_size, int depth, uint32_t *random);

/* Changes the content of one field. */
static size_t change(uint8_t *data, size_t size, size_t max_size, const field_t *field, int depth, uint32_t *random) {
  static const int64_t numbers[] = {0, 1, 2, 3, 7, 8, 13, 28, -1, -2, 127, 255, INT32_MAX, INT64_MAX, INT64_MIN, 1 << 20};
  uint8_t piece[MAX_SIZE + 16], content[MAX_SIZE];
  if (field->type != 2) {
    size_t tag = field->body - field->start, n = tag;
    memcpy(piece, data + field->start, tag);
    if (field->type == 0)
      n += put_varint(piece + n, (uint64_t)numbers[next_random(random) % 16]);
    else
      n += LLVMFuzzerMutate(memcpy(piece + n, data + field->body, field->end - field->body), field->end - field->body, 8)
               ? field->end - field->body
               : 0;
    return replace(data, size, max_size, field->start, field->end, piece, n);
  }
  size_t length = field->end - field->body, room = max_size - size + length;
  if (length > MAX_SIZE || room > MAX_SIZE) return size;
  memcpy(content, data + field->body, length);
  length = mutate(content, length, room, depth + 1, random);
  uint64_t tag;
  read_varint(data, size, field->start, &tag);
  size_t n = put_varint(piece, tag);
  n += put_varint(piece + n, length);
  memcpy(piece + n, content, length);
  return replace(data, size, max_size, field->start, field->end, piece, n + length);
}

static size_t mutate(uint8_t *data, size_t size, size_t max_size, int depth, uint32_t *random) {
  field_t fields[MAX_FIELDS];
  size_t count = split(data, size, fields);
  if (count == 0 || depth > 8) return LLVMFuzzerMutate(data, size, max_size);
  const field_t *field = &fields[next_random(random) % count], *other = &fields[next_random(random) % count];
  uint8_t copy[4096];
  size_t length = other->end - other->start;
  switch (next_random(random) % 8) {
    case 0:
      return replace(data, size, max_size, field->start, field->end, data, 0);
    case 1:
      if (length > sizeof copy) return size;
      memcpy(copy, data + other->start, length);
      return replace(data, size, max_size, field->start, field->start, copy, length);
    default:
      return change(data, size, max_size, field, depth, random);
  }
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed) {
  uint32_t random = seed;
  if (next_random(&random) % 16 == 0 || max_size > MAX_SIZE) return LLVMFuzzerMutate(data, size, max_size);
  return mutate(data, size, max_size, 0, &random);
}

#endif
