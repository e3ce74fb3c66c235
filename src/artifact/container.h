/* The container: a safetensors file as a table of named byte ranges. */
#ifndef OB_ARTIFACT_CONTAINER_H
#define OB_ARTIFACT_CONTAINER_H

#include "base/json.h"
#include "base/map.h"

#define OB_GRAPH_TENSOR "outboard.graph"
#define OB_PADDING_PREFIX "outboard.padding."
enum { OB_PAYLOAD_ALIGNMENT = 64 };

typedef struct ob_tensor_entry {
  const char *name;
  const void *data;
  size_t bytes, offset; /* from the end of the header */
  uint64_t checksum;
  bool taken; /* something of the graph owns it */
} ob_tensor_entry_t;

typedef struct ob_container {
  const ob_allocator_t *allocator;
  json_t *header;
  ob_tensor_entry_t *entries; /* by offset, padding included */
  size_t count;
  ob_map_t by_name;
  const char *graph_sha256;
} ob_container_t;

/* Parses and checks the header and all ranges of a file in memory. Errors: OB_INVALID_ARTIFACT, naming tensor or byte. */
OB_MUST_CHECK ob_status_t ob_container_open(const void *data, size_t size, const ob_allocator_t *allocator, ob_container_t *container);
void ob_container_close(ob_container_t *container);
/* Hands out the tensor called `name`, or NULL when there is none. Each has one owner; padding has none, and is not aligned. */
OB_MUST_CHECK ob_status_t ob_container_take(ob_container_t *container, const char *name, const ob_tensor_entry_t **entry);
/* Compares the payloads with their checksums. */
OB_MUST_CHECK ob_status_t ob_container_check(const ob_container_t *container);

#endif
