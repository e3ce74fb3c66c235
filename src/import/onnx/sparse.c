/* SparseTensorProto, made dense: Outboard's graphs have no sparse tensors. */
#include <string.h>

#include "base/checked.h"
#include "base/dtype.h"
#include "import/onnx/importer.h"

/* Values and where they go. */
typedef struct reader {
  const char *name;
  const ob_constant_t *values, *indices;
  int32_t rank;
  int64_t dims[OB_MAX_RANK];
} reader_t;

static ob_status_t read_dims(reader_t *reader, ob_wire_list_t dims) {
  int64_t dim;
  if (dims.count > OB_MAX_RANK)
    return ob_fail(OB_UNSUPPORTED, "sparse tensor '%s' has %zu dims; the most is %d", ob_quote(reader->name), dims.count,
                   OB_MAX_RANK);
  while (ob_wire_next_int(&dims, &dim)) {
    if (dim < 0)
      return ob_fail(OB_INVALID_MODEL, "sparse tensor '%s': dim %lld is negative", ob_quote(reader->name), (long long)dim);
    reader->dims[reader->rank++] = dim;
  }
  return OB_OK;
}

static int64_t load_index(const reader_t *reader, size_t at) {
  int64_t index;
  memcpy(&index, (const char *)reader->indices->data + at * sizeof index, sizeof index);
  return index;
}

/* Place of entry `i` in the dense tensor. Indices are linear, or one row of coordinates an entry. */
static ob_status_t place_of(const reader_t *reader, size_t i, size_t elements, size_t *place) {
  size_t linear = 0;
  if (reader->indices->rank == 1) {
    int64_t index = load_index(reader, i);
    if (index < 0 || (uint64_t)index >= elements)
      return ob_fail(OB_INVALID_MODEL, "sparse tensor '%s': index %lld is outside of %zu elements", ob_quote(reader->name),
                     (long long)index, elements);
    *place = (size_t)index;
    return OB_OK;
  }
  for (int32_t axis = 0; axis < reader->rank; axis++) {
    int64_t index = load_index(reader, i * (size_t)reader->rank + (size_t)axis);
    if (index < 0 || index >= reader->dims[axis])
      return ob_fail(OB_INVALID_MODEL, "sparse tensor '%s': index %lld is outside of dim %d of size %lld", ob_quote(reader->name),
                     (long long)index, axis, (long long)reader->dims[axis]);
    linear = linear * (size_t)reader->dims[axis] + (size_t)index;
  }
  *place = linear;
  return OB_OK;
}

static ob_status_t check(const reader_t *reader) {
  const ob_constant_t *values = reader->values, *indices = reader->indices;
  bool linear = indices->rank == 1 && values->rank == 1 && indices->dims[0] == values->dims[0];
  bool rows = indices->rank == 2 && values->rank == 1 && indices->dims[0] == values->dims[0] && indices->dims[1] == reader->rank;
  if (ob_dtype_bits(values->dtype) % 8 != 0)
    return ob_fail(OB_UNSUPPORTED, "sparse tensor '%s': elements of type %s", ob_quote(reader->name), ob_dtype_name(values->dtype));
  if (indices->dtype != OB_INT64 || !(linear || rows))
    return ob_fail(OB_INVALID_MODEL,
                   "sparse tensor '%s': indices must be int64[%s] or int64[%s, %d], one for each of the values, a list",
                   ob_quote(reader->name), "count", "count", reader->rank);
  return OB_OK;
}

/* Sparse tensors are meant to be small in the file and large when dense; but a tiny file must not ask for all memory. */
enum { ALWAYS_ALLOWED = 1 << 24, ALLOWED_GROWTH = 1024 };

static ob_status_t make_dense(ob_importer_t *importer, const reader_t *reader, size_t stored, const ob_constant_t **constant) {
  size_t elements, bytes, place = 0, unit = ob_dtype_bits(reader->values->dtype) / 8;
  char *dense;
  if (!ob_dims_count(reader->rank, reader->dims, &elements) ||
      !ob_tensor_bytes(reader->values->dtype, reader->rank, reader->dims, &bytes) ||
      (bytes > ALWAYS_ALLOWED && bytes / ALLOWED_GROWTH > stored))
    return ob_fail(OB_UNSUPPORTED, "sparse tensor '%s' is more than %d times as large when made dense", ob_quote(reader->name),
                   ALLOWED_GROWTH);
  OB_TRY(ob_constant_allocate(importer->module, reader->name, reader->values->dtype, reader->rank, reader->dims, (void **)&dense,
                              constant));
  for (size_t i = 0; i < (size_t)reader->values->dims[0]; i++) {
    OB_TRY(place_of(reader, i, elements, &place));
    memcpy(dense + place * unit, (const char *)reader->values->data + i * unit, unit);
  }
  return OB_OK;
}

ob_status_t ob_import_sparse(ob_importer_t *importer, ob_wire_span_t bytes, const char *name, const ob_constant_t **constant) {
  onnx_sparse_t proto;
  reader_t reader = {.name = name};
  const char *part;
  OB_TRY(onnx_sparse_read(bytes, &proto));
  OB_TRY(read_dims(&reader, proto.dims));
  OB_TRY(ob_arena_printf(&importer->scratch, &part, "%s/values", name));
  OB_TRY(ob_import_tensor(importer, proto.values, part, &reader.values));
  OB_TRY(ob_arena_printf(&importer->scratch, &part, "%s/indices", name));
  OB_TRY(ob_import_tensor(importer, proto.indices, part, &reader.indices));
  OB_TRY(check(&reader));
  return make_dense(importer, &reader, bytes.size, constant);
}
