/* What the files that read graph JSON share. */
#ifndef OB_ARTIFACT_JSON_READ_H
#define OB_ARTIFACT_JSON_READ_H

#include "artifact/graph_json.h"

/* State of reading a document. */
typedef struct ob_json_reader {
  ob_module_t *module;
  const ob_payload_source_t *payloads;
  const ob_constant_t **constants; /* by number in the document */
  size_t constant_count;
  ob_map_t symbols; /* regions by symbol */
  bool *owned; /* by graph: a body or region refers to it already */
} ob_json_reader_t;

/* Places one step further down. */
#define OB_AT(above, name) (&(ob_json_place_t){.parent = (above), .key = (name)})
#define OB_AT_INDEX(above, i) (&(ob_json_place_t){.parent = (above), .index = (i)})

/* An integer or {"expr": "..."}. */
OB_MUST_CHECK ob_status_t ob_read_exprs(ob_json_reader_t *r, const ob_json_place_t *at, const json_t *array,
                                        const ob_expr_t *const **exprs);
OB_MUST_CHECK ob_status_t ob_read_type(ob_json_reader_t *r, const ob_json_place_t *at, const json_t *json, int depth, ob_type_t *type);
/* Members of `json` that are not in `known` (NULL-terminated) become *extra; NULL when there are none. */
OB_MUST_CHECK ob_status_t ob_read_extra(ob_json_reader_t *r, const json_t *json, const char *const *known, json_t **extra);
/* The payload of the tensor that member `key` names, which must be `name`: each payload has one owner. */
OB_MUST_CHECK ob_status_t ob_read_payload(ob_json_reader_t *r, const ob_json_place_t *at, const json_t *json, const char *key,
                                          const char *name, const void **data, size_t *bytes);
/* Constants with their payloads; fills r->constants. */
OB_MUST_CHECK ob_status_t ob_read_constants(ob_json_reader_t *r, const ob_json_place_t *root, const json_t *json);
/* A constant's number in the document. */
OB_MUST_CHECK ob_status_t ob_read_constant_number(ob_json_reader_t *r, const ob_json_place_t *at, const json_t *object, const char *key,
                                                  const ob_constant_t **constant);
/* All graphs; regions must have been made (their bodies are filled in here). */
OB_MUST_CHECK ob_status_t ob_read_graphs(ob_json_reader_t *r, const ob_json_place_t *root, const json_t *json);
/* Takes graph `number` for one owner; a second is an error. */
OB_MUST_CHECK ob_status_t ob_read_claim_graph(ob_json_reader_t *r, const ob_json_place_t *at, const json_t *object, ob_graph_t **graph);

#endif
