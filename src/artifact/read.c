/* Reading artifacts: container, then graph. */
#include <string.h>

#include "artifact/artifact.h"
#include "artifact/container.h"
#include "base/hash.h"

bool ob_artifact_looks_like(const void *data, size_t size) {
  uint64_t header_size;
  if (size < 9) return false;
  memcpy(&header_size, data, sizeof header_size);
  return header_size < (UINT64_C(1) << 40) && ((const char *)data)[8] == '{';
}

static ob_status_t find_payload(void *self, const char *tensor, const void **data, size_t *bytes) {
  const ob_tensor_entry_t *entry;
  OB_TRY(ob_container_take(self, tensor, &entry));
  *data = entry ? entry->data : NULL;
  *bytes = entry ? entry->bytes : 0;
  return OB_OK;
}

static ob_status_t check_graph(const ob_container_t *container, const ob_tensor_entry_t *entry) {
  ob_sha256_t hash;
  uint8_t digest[32];
  char hex[65];
  ob_sha256_init(&hash);
  ob_sha256_update(&hash, entry->data, entry->bytes);
  ob_sha256_final(&hash, digest);
  ob_sha256_hex(digest, hex);
  if (strcmp(hex, container->graph_sha256) == 0) return OB_OK;
  return ob_fail(OB_INVALID_ARTIFACT, "the graph is damaged: its SHA-256 differs; compile the model again");
}

static ob_status_t read_module(ob_container_t *container, size_t size, const ob_allocator_t *allocator, ob_module_t **module) {
  const ob_tensor_entry_t *entry;
  ob_payload_source_t source = {container, find_payload};
  json_t *json;
  OB_TRY(ob_container_take(container, OB_GRAPH_TENSOR, &entry));
  if (!entry) return ob_fail(OB_INVALID_ARTIFACT, "the file has no tensor '" OB_GRAPH_TENSOR "': not an artifact");
  OB_TRY(check_graph(container, entry));
  if (size <= OB_CHECK_ALWAYS) OB_TRY(ob_container_check(container));
  OB_TRY(ob_json_parse(entry->data, entry->bytes, "graph", OB_INVALID_ARTIFACT, &json));
  ob_status_t status = ob_module_from_json(json, &source, allocator, module);
  json_decref(json);
  return status;
}

ob_status_t ob_artifact_read(const void *data, size_t size, const ob_allocator_t *allocator, ob_module_t **module) {
  ob_container_t container;
  *module = NULL;
  allocator = ob_allocator_or_default(allocator);
  OB_TRY(ob_container_open(data, size, allocator, &container));
  ob_status_t status = read_module(&container, size, allocator, module);
  ob_container_close(&container);
  return status;
}

ob_status_t ob_artifact_check(const void *data, size_t size, const ob_allocator_t *allocator) {
  ob_container_t container;
  OB_TRY(ob_container_open(data, size, ob_allocator_or_default(allocator), &container));
  ob_status_t status = ob_container_check(&container);
  ob_container_close(&container);
  return status;
}
