/* Writes protobuf messages in two passes over the same code: the first measures, the second fills one block of exactly that size.
 * So nothing is moved and no message is built twice in memory. */
#ifndef OB_IMPORT_ONNX_WIRE_WRITER_H
#define OB_IMPORT_ONNX_WIRE_WRITER_H

#include "base/array.h"

typedef struct ob_wire_writer {
  const ob_allocator_t *allocator;
  uint8_t *out;           /* NULL: measuring */
  size_t size;            /* bytes measured or written */
  OB_ARRAY(size_t) sizes; /* of nested messages, in the order they begin */
  size_t next;            /* the nested message that begins next, when writing */
  ob_status_t status;     /* first failure; check once at the end of a pass */
} ob_wire_writer_t;

/* A nested message that has begun. */
typedef struct ob_wire_nested {
  size_t index, start;
} ob_wire_nested_t;

void ob_wire_put_int(ob_wire_writer_t *writer, uint32_t field, int64_t value);
void ob_wire_put_float(ob_wire_writer_t *writer, uint32_t field, float value);
void ob_wire_put_bytes(ob_wire_writer_t *writer, uint32_t field, const void *data, size_t size);
void ob_wire_put_text(ob_wire_writer_t *writer, uint32_t field, const char *text);
/* The head of a field of `size` bytes, which follow by ob_wire_put_byte(). */
void ob_wire_put_head(ob_wire_writer_t *writer, uint32_t field, size_t size);
void ob_wire_put_byte(ob_wire_writer_t *writer, uint8_t byte);
ob_wire_nested_t ob_wire_begin(ob_wire_writer_t *writer, uint32_t field);
void ob_wire_end(ob_wire_writer_t *writer, ob_wire_nested_t nested);

#endif
