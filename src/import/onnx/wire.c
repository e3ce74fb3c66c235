/* The wire format: https://protobuf.dev/programming-guides/encoding/ */
#include "import/onnx/wire.h"

#include <string.h>

#include "base/str.h"

typedef enum wire_type { VARINT = 0, FIXED64 = 1, DELIMITED = 2, FIXED32 = 5 } wire_type_t;

/* One field as it lies in the bytes. */
typedef struct record {
  uint32_t number, type;
  uint64_t value;      /* VARINT, FIXED32, FIXED64 */
  const uint8_t *data; /* DELIMITED */
  size_t size;
} record_t;

typedef enum fault {
  FINE,
  CUT,       /* ends in the middle */
  LONG_INT,  /* a varint of more than ten bytes */
  BAD_FIELD, /* number 0 or too large */
  BAD_TYPE   /* groups, and types that do not exist */
} fault_t;

static fault_t read_varint(const uint8_t **at, const uint8_t *end, uint64_t *value) {
  uint64_t sum = 0;
  const uint8_t *p = *at;
  for (unsigned shift = 0; shift < 70; shift += 7) {
    if (p == end) return CUT;
    uint8_t byte = *p++;
    if (shift == 63 && byte > 1) return LONG_INT;
    sum |= (uint64_t)(byte & 0x7f) << shift;
    if (byte < 0x80) {
      *at = p;
      *value = sum;
      return FINE;
    }
  }
  return LONG_INT;
}

static uint64_t load_fixed(const uint8_t *at, size_t width) {
  uint64_t bits = 0;
  for (size_t i = width; i-- > 0;) bits = bits << 8 | at[i];
  return bits;
}

static fault_t read_fixed(const uint8_t **at, const uint8_t *end, size_t width, uint64_t *bits) {
  if ((size_t)(end - *at) < width) return CUT;
  *bits = load_fixed(*at, width);
  *at += width;
  return FINE;
}

static fault_t read_delimited(const uint8_t **at, const uint8_t *end, record_t *record) {
  uint64_t size;
  fault_t fault = read_varint(at, end, &size);
  if (fault != FINE) return fault;
  if (size > (uint64_t)(end - *at)) return CUT;
  record->data = *at;
  record->size = (size_t)size;
  *at += size;
  return FINE;
}

static fault_t read_record(const uint8_t **at, const uint8_t *end, record_t *record) {
  uint64_t tag;
  fault_t fault = read_varint(at, end, &tag);
  if (fault != FINE) return fault;
  if (tag >> 3 == 0 || tag >> 3 >= UINT32_C(1) << 29) return BAD_FIELD;
  *record = (record_t){.number = (uint32_t)(tag >> 3), .type = (uint32_t)(tag & 7)};
  switch (record->type) {
    case VARINT:
      return read_varint(at, end, &record->value);
    case FIXED64:
      return read_fixed(at, end, 8, &record->value);
    case DELIMITED:
      return read_delimited(at, end, record);
    case FIXED32:
      return read_fixed(at, end, 4, &record->value);
    default:
      return BAD_TYPE;
  }
}

static const char *fault_words(fault_t fault) {
  static const char *const words[] = {
      [CUT] = "the data ends in the middle of a field",
      [LONG_INT] = "a number of more than 64 bits",
      [BAD_FIELD] = "a field number that does not exist",
      [BAD_TYPE] = "a wire type that ONNX does not use",
  };
  return words[fault];
}

/* Elements of a packed run. */
static fault_t count_run(ob_wire_kind_t kind, const record_t *record, size_t *count) {
  size_t width = kind == OB_WIRE_FIXED32S ? 4 : 8;
  *count = 0;
  if (kind != OB_WIRE_INTS) {
    *count = record->size / width;
    return record->size % width == 0 ? FINE : CUT;
  }
  unsigned length = 0;
  for (size_t i = 0; i < record->size; i++) {
    if (++length > 10 || (length == 10 && record->data[i] > 1)) return LONG_INT;
    if (record->data[i] < 0x80) length = 0, ++*count;
  }
  return length == 0 ? FINE : CUT;
}

/* ------------------------------------------------------------ one field into its member */

typedef struct reader {
  const ob_wire_message_t *message;
  const uint8_t *start, *end;
} reader_t;

static ob_status_t fail_field(const ob_wire_message_t *message, const ob_wire_field_t *field, const char *words) {
  return ob_fail(OB_INVALID_MODEL, "%s.%s: %s", message->name, field->name, words);
}

static bool is_list(ob_wire_kind_t kind) { return kind >= OB_WIRE_INTS; }

/* The wire type that a field of this kind has outside of packed runs. */
static uint32_t type_of(ob_wire_kind_t kind) {
  static const uint8_t types[] = {
      [OB_WIRE_INT] = VARINT,        [OB_WIRE_FLOAT] = FIXED32,   [OB_WIRE_BYTES] = DELIMITED,  [OB_WIRE_TEXT] = DELIMITED,
      [OB_WIRE_MESSAGE] = DELIMITED, [OB_WIRE_INTS] = VARINT,     [OB_WIRE_FIXED32S] = FIXED32, [OB_WIRE_FIXED64S] = FIXED64,
      [OB_WIRE_SPANS] = DELIMITED,   [OB_WIRE_TEXTS] = DELIMITED,
  };
  return types[kind];
}

static bool is_packed(ob_wire_kind_t kind, uint32_t type) {
  return type == DELIMITED && (kind == OB_WIRE_INTS || kind == OB_WIRE_FIXED32S || kind == OB_WIRE_FIXED64S);
}

static ob_status_t store_list(const reader_t *reader, const ob_wire_field_t *field, const record_t *record,
                              const uint8_t *record_start, ob_wire_list_t *list) {
  size_t count = 1;
  if (is_packed(field->kind, record->type)) {
    fault_t fault = count_run(field->kind, record, &count);
    if (fault != FINE) return fail_field(reader->message, field, fault_words(fault));
  }
  if (list->count == 0) *list = (ob_wire_list_t){.at = record_start, .end = reader->end, .number = field->number};
  list->count += count;
  return OB_OK;
}

static ob_status_t store(const reader_t *reader, const ob_wire_field_t *field, const record_t *record, const uint8_t *record_start,
                         void *out) {
  void *member = (char *)out + field->offset;
  if (record->type != type_of(field->kind) && !is_packed(field->kind, record->type))
    return fail_field(reader->message, field, "the wrong wire type");
  if ((field->kind == OB_WIRE_TEXT || field->kind == OB_WIRE_TEXTS) && !ob_utf8_is_valid((const char *)record->data, record->size))
    return ob_fail(OB_INVALID_MODEL, "%s.%s: '%s' is not UTF-8 or holds a NUL byte", reader->message->name, field->name,
                   ob_quote_n((const char *)record->data, record->size));
  if (is_list(field->kind)) return store_list(reader, field, record, record_start, member);
  if (field->kind == OB_WIRE_INT) {
    *(ob_wire_int_t *)member = (ob_wire_int_t){(int64_t)record->value, true};
  } else if (field->kind == OB_WIRE_FLOAT) {
    union {
      uint32_t bits;
      float value;
    } word = {(uint32_t)record->value};
    *(ob_wire_float_t *)member = (ob_wire_float_t){word.value, true};
  } else {
    ob_wire_span_t *span = member;
    if (field->kind == OB_WIRE_MESSAGE && span->present) return fail_field(reader->message, field, "given twice");
    *span = ob_wire_span(record->data, record->size);
  }
  return OB_OK;
}

static const ob_wire_field_t *find_field(const ob_wire_message_t *message, uint32_t number) {
  for (size_t i = 0; i < message->field_count; i++)
    if (message->fields[i].number == number) return &message->fields[i];
  return NULL;
}

ob_status_t ob_wire_read(const ob_wire_message_t *message, ob_wire_span_t bytes, void *out, size_t out_size) {
  memset(out, 0, out_size);
  if (bytes.size == 0) return OB_OK;
  reader_t reader = {message, bytes.data, bytes.data + bytes.size};
  const uint8_t *at = reader.start;
  while (at < reader.end) {
    const uint8_t *start = at;
    record_t record;
    fault_t fault = read_record(&at, reader.end, &record);
    if (fault != FINE)
      return ob_fail(OB_INVALID_MODEL, "%s, byte %zu: %s", message->name, (size_t)(start - reader.start), fault_words(fault));
    const ob_wire_field_t *field = find_field(message, record.number);
    if (field) OB_TRY(store(&reader, field, &record, start, out));
  }
  return OB_OK;
}

/* ------------------------------------------------------------ walking lists, checked before */

/* The next record of the list's field. */
static bool next_record(ob_wire_list_t *list, record_t *record) {
  while (list->at < list->end) {
    if (read_record(&list->at, list->end, record) != FINE) break;
    if (record->number == list->number) return true;
  }
  list->count = 0;
  return false;
}

bool ob_wire_next_span(ob_wire_list_t *list, ob_wire_span_t *span) {
  record_t record;
  if (list->count == 0 || !next_record(list, &record)) return false;
  list->count--;
  *span = ob_wire_span(record.data, record.size);
  return true;
}

/* Moves to the next number: into a run, or gives the value of a record that stands alone. False at the end. */
static bool next_number(ob_wire_list_t *list, uint64_t *alone, bool *is_alone) {
  *is_alone = false;
  if (list->count == 0) return false;
  while (!list->packed_end) {
    record_t record;
    if (!next_record(list, &record)) return false;
    if (record.type != DELIMITED) {
      *alone = record.value;
      *is_alone = true;
      list->count--;
      return true;
    }
    if (record.size == 0) continue;
    list->packed_end = record.data + record.size;
    list->at = record.data;
  }
  list->count--;
  return true;
}

static void leave_run(ob_wire_list_t *list) {
  if (list->at == list->packed_end) list->packed_end = NULL;
}

bool ob_wire_next_int(ob_wire_list_t *list, int64_t *value) {
  uint64_t bits = 0;
  bool alone;
  if (!next_number(list, &bits, &alone)) return false;
  if (!alone) {
    if (read_varint(&list->at, list->packed_end, &bits) != FINE) return false;
    leave_run(list);
  }
  *value = (int64_t)bits;
  return true;
}

bool ob_wire_next_fixed(ob_wire_list_t *list, size_t width, uint64_t *bits) {
  bool alone;
  if (!next_number(list, bits, &alone)) return false;
  if (!alone) {
    if (read_fixed(&list->at, list->packed_end, width, bits) != FINE) return false;
    leave_run(list);
  }
  return true;
}

const uint8_t *ob_wire_whole_run(ob_wire_list_t list, size_t width) {
  size_t count = list.count;
  record_t record;
  do {
    if (count == 0 || !next_record(&list, &record)) return NULL;
  } while (record.type == DELIMITED && record.size == 0);
  return record.type == DELIMITED && record.size / width == count ? record.data : NULL;
}

bool ob_wire_is(ob_wire_span_t span, const char *text) {
  return span.size == strlen(text) && (span.size == 0 || memcmp(span.data, text, span.size) == 0);
}
