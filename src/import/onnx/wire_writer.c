/* The wire format, written. */
#include "import/onnx/wire_writer.h"

#include <string.h>

enum { VARINT = 0, DELIMITED = 2, FIXED32 = 5 };

void ob_wire_put_byte(ob_wire_writer_t *writer, uint8_t byte) {
  if (writer->out) writer->out[writer->size] = byte;
  writer->size++;
}

static void put(ob_wire_writer_t *writer, const void *data, size_t size) {
  if (writer->out && size > 0) memcpy(writer->out + writer->size, data, size);
  writer->size += size;
}

static void put_varint(ob_wire_writer_t *writer, uint64_t value) {
  for (; value >= 0x80; value >>= 7) ob_wire_put_byte(writer, (uint8_t)(value | 0x80));
  ob_wire_put_byte(writer, (uint8_t)value);
}

static void put_tag(ob_wire_writer_t *writer, uint32_t field, uint32_t type) { put_varint(writer, field << 3 | type); }

void ob_wire_put_int(ob_wire_writer_t *writer, uint32_t field, int64_t value) {
  put_tag(writer, field, VARINT);
  put_varint(writer, (uint64_t)value);
}

void ob_wire_put_float(ob_wire_writer_t *writer, uint32_t field, float value) {
  put_tag(writer, field, FIXED32);
  put(writer, &value, sizeof value);
}

void ob_wire_put_head(ob_wire_writer_t *writer, uint32_t field, size_t size) {
  put_tag(writer, field, DELIMITED);
  put_varint(writer, size);
}

void ob_wire_put_bytes(ob_wire_writer_t *writer, uint32_t field, const void *data, size_t size) {
  ob_wire_put_head(writer, field, size);
  put(writer, data, size);
}

void ob_wire_put_text(ob_wire_writer_t *writer, uint32_t field, const char *text) {
  ob_wire_put_bytes(writer, field, text, strlen(text));
}

static size_t varint_size(uint64_t value) {
  size_t size = 1;
  for (; value >= 0x80; value >>= 7) size++;
  return size;
}

ob_wire_nested_t ob_wire_begin(ob_wire_writer_t *writer, uint32_t field) {
  put_tag(writer, field, DELIMITED);
  ob_wire_nested_t nested = {writer->next++, writer->size};
  if (writer->out) {
    put_varint(writer, writer->sizes.items[nested.index]);
  } else if (writer->status == OB_OK) {
    writer->status = ob_array_push(writer->allocator, &writer->sizes, 0);
  }
  return nested;
}

void ob_wire_end(ob_wire_writer_t *writer, ob_wire_nested_t nested) {
  if (writer->out || writer->status != OB_OK) return;
  size_t size = writer->size - nested.start;
  writer->sizes.items[nested.index] = size;
  writer->size += varint_size(size);
}
