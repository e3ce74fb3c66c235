/* A module as JSON and back: docs/graph-json.md describes each member.
 * Payloads of constants, packed forms and blobs are tensors of the container, named by ob_*_tensor(). */
#ifndef OB_ARTIFACT_GRAPH_JSON_H
#define OB_ARTIFACT_GRAPH_JSON_H

#include "base/str.h"
#include "op/op.h"

#define OB_FORMAT_MAJOR 1
#define OB_FORMAT_MINOR 0
/* Names of the container that begin so are ours; a constant whose name does is stored as "outboard.constant.NAME". */
#define OB_RESERVED_PREFIX "outboard."

/* Names of tensors in the container, kept in `arena`. */
OB_MUST_CHECK ob_status_t ob_constant_tensor(ob_arena_t *arena, const ob_constant_t *constant, const char **name);
OB_MUST_CHECK ob_status_t ob_packed_tensor(ob_arena_t *arena, const ob_region_t *region, size_t index, const char **name);
OB_MUST_CHECK ob_status_t ob_blob_tensor(ob_arena_t *arena, const ob_region_t *region, const char **name);

/* String constants in the container: count + 1 little-endian uint64 offsets from the end of the offsets, then the bytes. */
OB_MUST_CHECK ob_status_t ob_strings_encode(const ob_constant_t *constant, const ob_allocator_t *allocator, void **payload,
                                            size_t *bytes);

/* Deterministic. Owner: caller, json_decref(). */
OB_MUST_CHECK ob_status_t ob_module_to_json(const ob_module_t *module, json_t **json);
/* One graph, its bodies, and the symbols and constants it uses: what engines get as region_json. */
OB_MUST_CHECK ob_status_t ob_graph_to_json(const ob_graph_t *graph, json_t **json);

/* Finds a tensor of the container. Gives NULL and no error when it is absent. */
typedef struct ob_payload_source {
  void *self;
  ob_status_t (*find)(void *self, const char *tensor, const void **data, size_t *bytes);
} ob_payload_source_t;

/* Reads and checks everything: indices, names, ranks, order, payload sizes. Payloads are used in place, strings are decoded.
 * Errors: OB_INVALID_ARTIFACT with the path in the document; OB_UNSUPPORTED for another major version or an unknown operator. */
OB_MUST_CHECK ob_status_t ob_module_from_json(const json_t *json, const ob_payload_source_t *payloads,
                                              const ob_allocator_t *allocator, ob_module_t **module);
/* SHA-256 of the graph's JSON and of the payloads of its constants: a region's identity. */
OB_MUST_CHECK ob_status_t ob_graph_hash(const ob_graph_t *graph, uint8_t digest[32]);

#endif
