/* The artifact: a safetensors file that holds graph JSON, weights and engine blobs. docs/artifact-format.md is its definition. */
#ifndef OB_ARTIFACT_ARTIFACT_H
#define OB_ARTIFACT_ARTIFACT_H

#include "artifact/graph_json.h"

/* Writes a partitioned module. Same module, same bytes. */
OB_MUST_CHECK ob_status_t ob_artifact_write(const ob_module_t *module, const char *path, const ob_allocator_t *allocator);
/* Reads from memory that outlives the module; nothing is copied. Everything is checked before use. */
OB_MUST_CHECK ob_status_t ob_artifact_read(const void *data, size_t size, const ob_allocator_t *allocator, ob_module_t **module);
/* Compares every payload with its checksum: for `verify` and for doubts. Reading an artifact of up to OB_CHECK_ALWAYS bytes does it too;
 * of a larger one it checks header, graph and structure, and leaves the weights unread. */
#define OB_CHECK_ALWAYS (4u << 20)
OB_MUST_CHECK ob_status_t ob_artifact_check(const void *data, size_t size, const ob_allocator_t *allocator);
/* True when the bytes begin like a safetensors file. */
bool ob_artifact_looks_like(const void *data, size_t size);

#endif
