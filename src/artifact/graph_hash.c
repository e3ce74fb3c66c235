/* The identity of a graph: of its JSON and of what its constants hold. */
#include <string.h>

#include "artifact/graph_json.h"
#include "base/hash.h"

static ob_status_t hash_constant(ob_sha256_t *hash, const ob_constant_t *constant, const ob_allocator_t *allocator) {
  void *payload;
  size_t bytes;
  if (!constant || !constant->data) return OB_OK;
  if (constant->dtype != OB_STRING) {
    ob_sha256_update(hash, constant->data, constant->bytes);
    return OB_OK;
  }
  OB_TRY(ob_strings_encode(constant, allocator, &payload, &bytes));
  ob_sha256_update(hash, payload, bytes);
  ob_free(allocator, payload);
  return OB_OK;
}

static ob_status_t hash_payloads(ob_sha256_t *hash, const ob_graph_t *graph) {
  const ob_allocator_t *allocator = graph->module->allocator;
  for (size_t i = 0; i < graph->values.count; i++) OB_TRY(hash_constant(hash, graph->values.items[i]->constant, allocator));
  for (size_t i = 0; i < graph->nodes.count; i++) {
    const ob_node_t *node = graph->nodes.items[i];
    for (size_t a = 0; a < node->attribute_count; a++) OB_TRY(hash_constant(hash, node->attributes[a].tensor, allocator));
    for (size_t b = 0; b < node->body_count; b++) OB_TRY(hash_payloads(hash, node->bodies[b].graph));
  }
  return OB_OK;
}

ob_status_t ob_graph_hash(const ob_graph_t *graph, uint8_t digest[32]) {
  const ob_allocator_t *allocator = graph->module->allocator;
  ob_sha256_t hash;
  json_t *json;
  char *text;
  size_t size;
  OB_TRY(ob_graph_to_json(graph, &json));
  ob_status_t status = ob_json_dump(json, allocator, &text, &size);
  json_decref(json);
  if (status != OB_OK) return status;
  ob_sha256_init(&hash);
  ob_sha256_update(&hash, text, size);
  ob_free(allocator, text);
  OB_TRY(hash_payloads(&hash, graph));
  ob_sha256_final(&hash, digest);
  return OB_OK;
}
