/* A module as JSON and back: docs/artifact-format.md describes each member.
 * Constant payloads are not in it: the container holds them, and `payload` callbacks connect the two. */
#ifndef OB_GRAPH_GRAPH_JSON_H
#define OB_GRAPH_GRAPH_JSON_H

#include "graph/graph.h"

/* Deterministic. Owner: caller, json_decref(). */
OB_MUST_CHECK ob_status_t ob_module_to_json(const ob_module_t *module, json_t **json);
/* One graph with the symbols it uses: what engines get as region_json. */
OB_MUST_CHECK ob_status_t ob_graph_to_json(const ob_graph_t *graph, json_t **json);

/* Finds the payload of a constant or packed form by its tensor's name in the container. Gives NULL and no error when it is absent. */
typedef struct ob_payload_source {
  void *self;
  ob_status_t (*find)(void *self, const char *tensor, const void **data, size_t *bytes);
} ob_payload_source_t;

/* Reads and checks everything: indices, names, ranks, order, payload sizes. The module keeps `json` (its `extra` members).
 * Errors: OB_INVALID_ARTIFACT with the path in the document. */
OB_MUST_CHECK ob_status_t ob_module_from_json(const json_t *json, const ob_payload_source_t *payloads,
                                              const ob_allocator_t *allocator, ob_module_t **module);
/* SHA-256 of the graph's JSON and of its constants' payloads: a region's identity. */
OB_MUST_CHECK ob_status_t ob_graph_hash(const ob_graph_t *graph, uint8_t digest[32]);

#endif
