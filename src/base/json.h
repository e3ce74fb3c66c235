/* JSON with bounds: jansson underneath, duplicate keys, trailing bytes and deep nesting refused, errors that name the path. */
#ifndef OB_BASE_JSON_H
#define OB_BASE_JSON_H

#include "base/alloc.h"
#include <jansson.h>

/* The quick reader: NULL for whatever it does not take, which jansson may. No deeper than the stack allows: ob_json_parse() checks that. */
json_t *ob_json_read(const char *text, size_t size);

/* Parses one document. `what` names it in messages. Owner: caller, json_decref(). Failures are `failure` with line and column. */
OB_MUST_CHECK ob_status_t ob_json_parse(const char *text, size_t size, const char *what, ob_status_t failure, json_t **json);

/* Where in a document a reader stands, for messages: "graphs[0].nodes[3].inputs". */
typedef struct ob_json_place {
  const struct ob_json_place *parent;
  const char *key; /* NULL: an index */
  size_t index;
  ob_status_t failure; /* status of complaints, e.g. OB_INVALID_ARTIFACT; taken from the root */
} ob_json_place_t;
/* Records "PLACE: words" with the root's status. */
ob_status_t ob_json_fail(const ob_json_place_t *place, const char *format, ...) OB_PRINTF(2, 3);

/* Members of an object. `get_*` fail when absent or of another kind; `find` gives NULL when absent. */
OB_MUST_CHECK ob_status_t ob_json_get(const ob_json_place_t *place, const json_t *object, const char *key, json_type type,
                                      const json_t **member);
OB_MUST_CHECK ob_status_t ob_json_find(const ob_json_place_t *place, const json_t *object, const char *key, json_type type,
                                       const json_t **member);
OB_MUST_CHECK ob_status_t ob_json_get_int(const ob_json_place_t *place, const json_t *object, const char *key, int64_t low,
                                          int64_t high, int64_t *value);
/* Never holds NUL; belongs to the document. */
OB_MUST_CHECK ob_status_t ob_json_get_string(const ob_json_place_t *place, const json_t *object, const char *key,
                                             const char **value);

/* Deterministic text: keys in insertion order, no spaces, shortest round-trip numbers. Owner: caller, ob_free(). */
OB_MUST_CHECK ob_status_t ob_json_dump(const json_t *json, const ob_allocator_t *allocator, char **text, size_t *size);

#endif
