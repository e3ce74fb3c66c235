/* A bounded protobuf reader that copies nothing and allocates nothing.
 *
 * A message is read in one pass into a plain struct, as a table of its fields says. Singular fields become a number or a span
 * of the input; repeated ones become a list that is walked later, straight on the bytes, and whose length is known. Everything
 * is checked in that pass, so walking a list cannot fail. Unknown fields are skipped, groups refused. */
#ifndef OB_IMPORT_ONNX_WIRE_H
#define OB_IMPORT_ONNX_WIRE_H

#include "base/status.h"

typedef struct ob_wire_int {
  int64_t value;
  bool present;
} ob_wire_int_t;
typedef struct ob_wire_float {
  float value;
  bool present;
} ob_wire_float_t;
typedef struct ob_wire_span {
  const uint8_t *data; /* never NULL when present */
  size_t size;
  bool present;
} ob_wire_span_t;
/* A repeated field: `count` elements between `at` and `end`, among others. */
typedef struct ob_wire_list {
  const uint8_t *at, *end;
  uint32_t number; /* of the field */
  size_t count;
  const uint8_t *packed_end; /* while inside a packed run of numbers */
} ob_wire_list_t;

typedef enum ob_wire_kind {
  OB_WIRE_INT,     /* ob_wire_int_t: int32, int64, uint64, enum, bool */
  OB_WIRE_FLOAT,   /* ob_wire_float_t */
  OB_WIRE_BYTES,   /* ob_wire_span_t: bytes; the last one counts */
  OB_WIRE_TEXT,    /* ob_wire_span_t: a string; UTF-8 without NUL, else an error */
  OB_WIRE_MESSAGE, /* ob_wire_span_t: a message; twice is an error (protobuf would merge them) */
  OB_WIRE_INTS,    /* ob_wire_list_t of varints, packed or not: ob_wire_next_int() */
  OB_WIRE_FIXED32S,
  OB_WIRE_FIXED64S, /* ob_wire_list_t of fixed words, packed or not: ob_wire_next_fixed() */
  OB_WIRE_SPANS,    /* ob_wire_list_t of bytes or messages: ob_wire_next_span() */
  OB_WIRE_TEXTS     /* the same for strings, checked */
} ob_wire_kind_t;

typedef struct ob_wire_field {
  uint32_t number;
  ob_wire_kind_t kind;
  size_t offset;    /* of the member */
  const char *name; /* for messages */
} ob_wire_field_t;

typedef struct ob_wire_message {
  const char *name; /* "NodeProto" */
  const ob_wire_field_t *fields;
  size_t field_count;
} ob_wire_message_t;

/* Reads `bytes` into `out`, a struct of `out_size` bytes that is cleared first. Errors: OB_INVALID_MODEL with the message, the
 * field and how far into the message. */
OB_MUST_CHECK ob_status_t ob_wire_read(const ob_wire_message_t *message, ob_wire_span_t bytes, void *out, size_t out_size);

/* The next element; false at the end. */
bool ob_wire_next_span(ob_wire_list_t *list, ob_wire_span_t *span);
bool ob_wire_next_int(ob_wire_list_t *list, int64_t *value);
/* `width` is 4 or 8. */
bool ob_wire_next_fixed(ob_wire_list_t *list, size_t width, uint64_t *bits);
/* When all elements of a list of fixed words lie in one run: that run, else NULL. */
const uint8_t *ob_wire_whole_run(ob_wire_list_t list, size_t width);

static inline ob_wire_span_t ob_wire_span(const void *data, size_t size) { return (ob_wire_span_t){data, size, true}; }
/* True when the span holds exactly `text`. */
bool ob_wire_is(ob_wire_span_t span, const char *text);

#endif
