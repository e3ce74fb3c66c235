/* Any bytes as an artifact. What is read must be written and read again as the same graph. */
#include "artifact/container.h"
#include "artifact/testing.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  void *block; /* of exactly that size, aligned as a mapping is */
  ob_module_t *module;
  json_t *json;
  if (posix_memalign(&block, 64, size > 0 ? size : 1) != 0) return 0;
  if (size > 0) memcpy(block, data, size);
  ob_status_t status = ob_artifact_read(block, size, NULL, &module);
  if (status == OB_INTERNAL) abort();
  if (status == OB_OK) {
    if (ob_graph_check(module->main) != OB_OK || ob_module_to_json(module, &json) != OB_OK) abort();
    json_decref(json);
    ob_module_free(module);
  }
  free(block);
  return 0;
}

/* ---------------------------------------------------------------- mutation that keeps the hashes right
 *
 * Nearly every change breaks a hash, and reading stops there. So the hashes are put right after a change, where the header allows it. */
#ifdef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);

/* Overwrites the text of a member of the metadata, when it stands there as the writer writes it. */
static void overwrite(char *header, size_t size, const char *key, const char *text) {
  size_t length = strlen(text), key_length = strlen(key);
  char *at = memmem(header, size, key, key_length);
  if (at && (size_t)(header + size - at) > key_length + length && at[key_length + length] == '"') memcpy(at + key_length, text, length);
}

static void repair(uint8_t *data, size_t size) {
  ob_container_t container;
  uint64_t header_size;
  ob_sha256_t hash;
  uint8_t digest[32];
  char hex[65];
  if (ob_container_open(data, size, ob_allocator_default(), &container) != OB_OK) return;
  memcpy(&header_size, data, 8);
  char *header = (char *)data + 8, *sums = calloc(container.count + 1, 16);
  for (size_t i = 0; sums && i < container.count; i++) {
    const ob_tensor_entry_t *entry = &container.entries[i];
    snprintf(sums + 16 * i, 17, "%016llx", (unsigned long long)ob_checksum(entry->data, entry->bytes));
    if (strcmp(entry->name, OB_GRAPH_TENSOR) != 0) continue;
    ob_sha256_init(&hash);
    ob_sha256_update(&hash, entry->data, entry->bytes);
    ob_sha256_final(&hash, digest);
    ob_sha256_hex(digest, hex);
    overwrite(header, (size_t)header_size, "\"graph_sha256\":\"", hex);
  }
  if (sums) overwrite(header, (size_t)header_size, "\"checksums\":\"", sums);
  free(sums);
  ob_container_close(&container);
}

/* Changes the header or the graph, mostly in place, so that offsets stay right. */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed) {
  uint64_t header_size;
  if (seed % 8 == 0 || size < 128) return LLVMFuzzerMutate(data, size, max_size);
  memcpy(&header_size, data, 8);
  if (header_size > size - 8) return LLVMFuzzerMutate(data, size, max_size);
  uint8_t *part = seed % 2 ? data + 8 : data + 8 + header_size;
  size_t room = seed % 2 ? (size_t)header_size : size - 8 - (size_t)header_size, begin = room > 0 ? seed / 16 % room : 0;
  room = room - begin < 24 ? room - begin : 24;
  if (room == 0) return LLVMFuzzerMutate(data, size, max_size);
  size_t now = LLVMFuzzerMutate(part + begin, room, room);
  if (now < room) memset(part + begin + now, seed % 2 ? ' ' : '1', room - now);
  repair(data, size);
  return size;
}

#endif
