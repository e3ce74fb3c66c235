/* TensorProto: payloads from raw bytes, typed fields or external files. Raw bytes are used where they lie. */
#include <string.h>

#include "base/checked.h"
#include "base/dtype.h"
#include "import/onnx/importer.h"

/* A tensor while it is read. */
typedef struct reader {
  ob_importer_t *importer;
  const char *name;
  onnx_tensor_t proto;
  ob_dtype_t dtype;
  int32_t rank;
  int64_t dims[OB_MAX_RANK];
  size_t elements, bytes;
} reader_t;

/* Which field holds the elements of a type when raw_data does not. */
typedef enum field { NO_FIELD, FLOAT_DATA, DOUBLE_DATA, INT32_DATA, INT64_DATA, UINT64_DATA, STRING_DATA } field_t;

static const struct {
  field_t field;
  const char *name;
  size_t offset;
} fields[] = {
    {FLOAT_DATA, "float_data", offsetof(onnx_tensor_t, float_data)},
    {DOUBLE_DATA, "double_data", offsetof(onnx_tensor_t, double_data)},
    {INT32_DATA, "int32_data", offsetof(onnx_tensor_t, int32_data)},
    {INT64_DATA, "int64_data", offsetof(onnx_tensor_t, int64_data)},
    {UINT64_DATA, "uint64_data", offsetof(onnx_tensor_t, uint64_data)},
    {STRING_DATA, "string_data", offsetof(onnx_tensor_t, string_data)},
};
enum { FIELD_COUNT = sizeof fields / sizeof fields[0] };

static field_t field_of(ob_dtype_t dtype) {
  switch (dtype) {
    case OB_FLOAT32:
    case OB_COMPLEX64:
      return FLOAT_DATA;
    case OB_FLOAT64:
    case OB_COMPLEX128:
      return DOUBLE_DATA;
    case OB_INT64:
      return INT64_DATA;
    case OB_UINT32:
    case OB_UINT64:
      return UINT64_DATA;
    case OB_STRING:
      return STRING_DATA;
    default:
      return INT32_DATA;
  }
}

static ob_status_t fail(const reader_t *reader, const char *words) {
  return ob_fail(OB_INVALID_MODEL, "tensor '%s': %s", ob_quote(reader->name), words);
}

static ob_status_t read_dims(reader_t *reader) {
  int64_t dim;
  ob_wire_list_t dims = reader->proto.dims;
  if (dims.count > OB_MAX_RANK)
    return ob_fail(OB_UNSUPPORTED, "tensor '%s' has %zu dims; the most is %d", ob_quote(reader->name), dims.count, OB_MAX_RANK);
  while (ob_wire_next_int(&dims, &dim)) {
    if (dim < 0) return ob_fail(OB_INVALID_MODEL, "tensor '%s': dim %lld is negative", ob_quote(reader->name), (long long)dim);
    reader->dims[reader->rank++] = dim;
  }
  if (!ob_dims_count(reader->rank, reader->dims, &reader->elements) ||
      !ob_tensor_bytes(reader->dtype, reader->rank, reader->dims, &reader->bytes))
    return fail(reader, "its dims multiply to more than memory can hold");
  return OB_OK;
}

static ob_status_t read_header(reader_t *reader, ob_wire_span_t bytes) {
  OB_TRY(onnx_tensor_read(bytes, &reader->proto));
  if (!ob_dtype_is_valid(reader->proto.data_type.value))
    return ob_fail(OB_INVALID_MODEL, "tensor '%s': element type %lld does not exist", ob_quote(reader->name),
                   (long long)reader->proto.data_type.value);
  reader->dtype = (ob_dtype_t)reader->proto.data_type.value;
  if (reader->proto.segment.present) return ob_fail(OB_UNSUPPORTED, "tensor '%s' is in segments", ob_quote(reader->name));
  return read_dims(reader);
}

static const ob_wire_list_t *list_of(const reader_t *reader, size_t index) {
  return (const ob_wire_list_t *)(const void *)((const char *)&reader->proto + fields[index].offset);
}

/* Which typed field has elements. Errors: more than one, or one that does not go with the type or with raw data. */
static ob_status_t find_field(const reader_t *reader, size_t *found) {
  *found = FIELD_COUNT;
  for (size_t i = 0; i < FIELD_COUNT; i++) {
    if (list_of(reader, i)->count == 0) continue;
    if (fields[i].field != field_of(reader->dtype))
      return ob_fail(OB_INVALID_MODEL, "tensor '%s': elements of type %s do not belong in %s", ob_quote(reader->name),
                     ob_dtype_name(reader->dtype), fields[i].name);
    *found = i;
  }
  if (*found < FIELD_COUNT && reader->proto.raw_data.size > 0) return fail(reader, "both raw_data and typed data are present");
  return OB_OK;
}

/* ------------------------------------------------------------ raw data */

static bool is_float6(ob_dtype_t dtype) { return dtype == OB_FLOAT6E2M3 || dtype == OB_FLOAT6E3M2; }

/* Bytes that raw or external data takes: as in memory, except that ONNX packs four 6-bit floats in three bytes. */
static ob_status_t stored_bytes(const reader_t *reader, size_t *bytes) {
  *bytes = reader->bytes;
  if (is_float6(reader->dtype)) *bytes = reader->elements / 4 * 3 + (reader->elements % 4 * 6 + 7) / 8;
  return reader->dtype == OB_STRING ? fail(reader, "strings cannot be raw or external data") : OB_OK;
}

static ob_status_t unpack_float6(const reader_t *reader, const uint8_t *from, size_t bytes, const ob_constant_t **constant) {
  uint8_t *to;
  OB_TRY(ob_import_charge(reader->importer, reader->bytes, 1));
  OB_TRY(ob_constant_allocate(reader->importer->module, reader->name, reader->dtype, reader->rank, reader->dims, (void **)&to,
                              constant));
  for (size_t i = 0; i < reader->elements; i++) {
    size_t bit = i % 4 * 6, at = i / 4 * 3 + bit / 8;
    unsigned word = from[at] | (at + 1 < bytes ? (unsigned)from[at + 1] << 8 : 0u);
    to[i] = (uint8_t)(word >> bit % 8 & 0x3f);
  }
  return OB_OK;
}

static ob_status_t check_bools(const reader_t *reader, const uint8_t *data) {
  uint8_t all = 0;
  for (size_t i = 0; i < reader->bytes; i++) all |= data[i];
  return all > 1 ? fail(reader, "a bool is neither 0 nor 1") : OB_OK;
}

/* protobuf aligns nothing. Small tensors are copied, so that inference and folding may look at them as numbers; large ones stay
 * where they are, and whoever computes with them copies them anyway. */
enum { SMALL = 1 << 16 };

static ob_status_t use_bytes(const reader_t *reader, const uint8_t *data, const ob_constant_t **constant) {
  ob_module_t *module = reader->importer->module;
  size_t unit = ob_dtype_bits(reader->dtype) / 8;
  void *copy;
  if (unit <= 1 || (uintptr_t)data % unit == 0 || reader->bytes > SMALL)
    return ob_constant_create(module, reader->name, reader->dtype, reader->rank, reader->dims, data, reader->bytes, constant);
  OB_TRY(ob_import_charge(reader->importer, reader->bytes, 1));
  OB_TRY(ob_constant_allocate(module, reader->name, reader->dtype, reader->rank, reader->dims, &copy, constant));
  memcpy(copy, data, reader->bytes);
  return OB_OK;
}

static ob_status_t use_raw(const reader_t *reader, const uint8_t *data, size_t bytes, const ob_constant_t **constant) {
  if (is_float6(reader->dtype)) return unpack_float6(reader, data, bytes, constant);
  if (reader->dtype == OB_BOOL) OB_TRY(check_bools(reader, data));
  return use_bytes(reader, data, constant);
}

static ob_status_t read_raw(const reader_t *reader, const ob_constant_t **constant) {
  size_t bytes;
  OB_TRY(stored_bytes(reader, &bytes));
  if (reader->proto.raw_data.size != bytes)
    return ob_fail(OB_INVALID_MODEL, "tensor '%s': raw_data has %zu bytes, its shape and type (%s) need %zu",
                   ob_quote(reader->name), reader->proto.raw_data.size, ob_dtype_name(reader->dtype), bytes);
  return use_raw(reader, reader->proto.raw_data.data, bytes, constant);
}

static ob_status_t read_external(const reader_t *reader, const ob_constant_t **constant) {
  size_t bytes, field;
  const uint8_t *data;
  OB_TRY(find_field(reader, &field));
  if (field < FIELD_COUNT || reader->proto.raw_data.size > 0) return fail(reader, "both external data and data are present");
  OB_TRY(stored_bytes(reader, &bytes));
  OB_TRY(ob_import_external(reader->importer, reader->name, &reader->proto, bytes, &data));
  return use_raw(reader, data, bytes, constant);
}

/* ------------------------------------------------------------ typed data */

static void store_word(uint8_t *to, size_t width, uint64_t bits) {
  for (size_t i = 0; i < width; i++) to[i] = (uint8_t)(bits >> 8 * i);
}

/* Bytes in memory that one element of the typed field becomes: complex numbers are two elements of the field, and int32_data
 * holds whole bytes of packed types. */
static size_t unit_of(ob_dtype_t dtype) {
  if (dtype == OB_COMPLEX64) return 4;
  if (dtype == OB_COMPLEX128) return 8;
  unsigned bits = ob_dtype_bits(dtype);
  return bits < 8 ? 1 : bits / 8;
}

static ob_status_t fill_words(const reader_t *reader, ob_wire_list_t list, size_t width, uint8_t *to) {
  uint64_t bits;
  for (; ob_wire_next_fixed(&list, width, &bits); to += width) store_word(to, width, bits);
  (void)reader;
  return OB_OK;
}

/* Integers must fit: as signed or, what some writers do, as unsigned numbers of the type's width. */
static ob_status_t fill_ints(const reader_t *reader, ob_wire_list_t list, size_t width, uint8_t *to) {
  int64_t value, low = width < 8 ? -(INT64_C(1) << (8 * width - 1)) : INT64_MIN;
  int64_t high = width < 8 ? (INT64_C(1) << 8 * width) - 1 : INT64_MAX;
  if (reader->dtype == OB_BOOL) low = 0, high = 1;
  if (is_float6(reader->dtype)) low = 0, high = 63;
  for (; ob_wire_next_int(&list, &value); to += width) {
    if (value < low || value > high)
      return ob_fail(OB_INVALID_MODEL, "tensor '%s': %lld does not fit in %s", ob_quote(reader->name), (long long)value,
                     ob_dtype_name(reader->dtype));
    store_word(to, width, (uint64_t)value);
  }
  return OB_OK;
}

static void fill_strings(ob_wire_list_t list, ob_string_t *to) {
  ob_wire_span_t span;
  for (; ob_wire_next_span(&list, &span); to++) *to = (ob_string_t){(const char *)span.data, span.size};
}

/* Data of one run of fixed words is used where it lies. */
static ob_status_t use_run(const reader_t *reader, ob_wire_list_t list, size_t width, const ob_constant_t **constant) {
  const uint8_t *run = ob_wire_whole_run(list, width);
  *constant = NULL;
  return run ? use_bytes(reader, run, constant) : OB_OK;
}

static ob_status_t check_count(const reader_t *reader, size_t field, size_t unit) {
  size_t have = list_of(reader, field)->count;
  size_t need = reader->dtype == OB_STRING ? reader->elements : reader->bytes / unit;
  if (have == need) return OB_OK;
  return ob_fail(OB_INVALID_MODEL, "tensor '%s': %s has %zu elements, its shape and type (%s) need %zu", ob_quote(reader->name),
                 fields[field].name, have, ob_dtype_name(reader->dtype), need);
}

static ob_status_t read_typed(const reader_t *reader, size_t field, const ob_constant_t **constant) {
  size_t unit = unit_of(reader->dtype);
  ob_wire_list_t list = *list_of(reader, field);
  bool fixed = fields[field].field == FLOAT_DATA || fields[field].field == DOUBLE_DATA;
  void *to;
  OB_TRY(check_count(reader, field, unit));
  if (fixed) {
    OB_TRY(use_run(reader, list, unit, constant));
    if (*constant) return OB_OK;
  }
  OB_TRY(ob_import_charge(reader->importer, reader->bytes, 1));
  OB_TRY(ob_constant_allocate(reader->importer->module, reader->name, reader->dtype, reader->rank, reader->dims, &to, constant));
  if (reader->dtype == OB_STRING) return fill_strings(list, to), OB_OK;
  return fixed ? fill_words(reader, list, unit, to) : fill_ints(reader, list, unit, to);
}

/* ------------------------------------------------------------ all together */

ob_status_t ob_import_tensor(ob_importer_t *importer, ob_wire_span_t bytes, const char *name, const ob_constant_t **constant) {
  reader_t reader = {.importer = importer, .name = name};
  size_t field;
  *constant = NULL;
  OB_TRY(read_header(&reader, bytes));
  if (reader.proto.data_location.value == 1) return read_external(&reader, constant);
  if (reader.proto.data_location.value != 0) return fail(&reader, "data_location is neither DEFAULT nor EXTERNAL");
  OB_TRY(find_field(&reader, &field));
  if (field < FIELD_COUNT) return read_typed(&reader, field, constant);
  if (reader.proto.raw_data.size > 0) return read_raw(&reader, constant);
  if (reader.elements > 0) return fail(&reader, "it has no data");
  return ob_constant_create(importer->module, name, reader.dtype, reader.rank, reader.dims, "", 0, constant);
}

ob_status_t ob_import_tensor_name(ob_importer_t *importer, ob_wire_span_t bytes, const char **name) {
  onnx_tensor_t tensor;
  OB_TRY(onnx_tensor_read(bytes, &tensor));
  return ob_import_text(importer, tensor.name, name);
}
