/* Weights of 2, 4 or 8 bits, packed into bytes, a scale for each block: MatMulNBits and GatherBlockQuantized. */
#include <string.h>

#include "base/dtype.h"
#include "import/onnx/contrib/contrib.h"

static ob_dtype_t dtype_of_bits(ob_contrib_t *c, int64_t bits) {
  if (bits == 2) return OB_UINT2;
  if (bits == 4) return OB_UINT4;
  if (bits != 8) ob_contrib_fail(c, OB_UNSUPPORTED, "attribute 'bits' is %lld, only 2, 4 and 8 are supported", (long long)bits);
  return OB_UINT8;
}

/* The bytes of a constant seen as a tensor of small integers: ONNX packs its own the same way, lowest bits first. */
static ob_status_t view(ob_contrib_t *c, const ob_value_t *bytes, ob_dtype_t dtype, int32_t rank, const int64_t *dims,
                        ob_value_t **value) {
  const ob_constant_t *from = bytes->constant, *constant;
  OB_TRY(ob_constant_create(c->up.importer->module, from->name, dtype, rank, dims, from->data, from->bytes, &constant));
  return ob_value_from_constant(c->up.scope->graph, constant, value);
}

/* Rows of packed integers that begin at whole bytes, `each` of them used, put together without the gaps. */
static ob_status_t repack(ob_contrib_t *c, const ob_value_t *bytes, ob_dtype_t dtype, int64_t rows, int64_t each,
                          ob_value_t **value) {
  const ob_constant_t *from = bytes->constant, *constant;
  int64_t dims[2] = {rows, each};
  size_t count = (size_t)each, pitch = (count * ob_dtype_bits(dtype) + 7) / 8;
  void *data;
  if (from->bytes != (size_t)rows * pitch)
    return ob_fail(OB_INVALID_MODEL, "'%s' has %zu bytes, expected %zu", ob_quote(from->name), from->bytes, (size_t)rows * pitch);
  OB_TRY(ob_constant_allocate(c->up.importer->module, from->name, dtype, 2, dims, &data, &constant));
  for (size_t row = 0; row < (size_t)rows; row++)
    for (size_t i = 0; i < count; i++) {
      const uint8_t *source = (const uint8_t *)from->data + row * pitch;
      if (dtype == OB_UINT8)
        ((uint8_t *)data)[row * count + i] = source[i];
      else
        ob_subbyte_set(dtype, data, row * count + i, ob_subbyte_get(dtype, source, i));
    }
  return ob_value_from_constant(c->up.scope->graph, constant, value);
}

static bool need_constant(ob_contrib_t *c, const ob_value_t *value, const char *name) {
  if (c->status == OB_OK && value && (!value->constant || !value->constant->data))
    ob_contrib_fail(c, OB_UNSUPPORTED, "input '%s' must be an initializer", name);
  return c->status == OB_OK;
}

/* ------------------------------------------------------------ products */

typedef struct packed {
  int64_t rows, columns, block, blocks; /* columns: with what fills the last block */
  int64_t bits;
  ob_dtype_t dtype;
  ob_value_t *values, *scale, *zero; /* [rows, columns], [rows, blocks] */
} packed_t;

/* (q - zero) * scale where the zero points are no integers. */
static ob_value_t *dequantize_by_float(ob_contrib_t *c, const packed_t *p) {
  ob_value_t *q = OB_RESHAPE(c, ob_contrib_cast(c, p->values, p->scale->type.dtype), p->rows, p->blocks, p->block);
  ob_value_t *shape = OB_LIST(c, p->rows, p->blocks, 1);
  ob_value_t *zero = OB_MAKE(c, "Reshape", ob_contrib_cast(c, p->zero, p->scale->type.dtype), shape);
  q = OB_MAKE(c, "Mul", OB_MAKE(c, "Sub", q, zero), OB_MAKE(c, "Reshape", p->scale, shape));
  return OB_RESHAPE(c, q, p->rows, p->columns);
}

static ob_value_t *dequantize(ob_contrib_t *c, const packed_t *p) {
  int64_t dims[2] = {p->rows, p->blocks};
  ob_value_t *zero = p->zero;
  if (c->status != OB_OK) return NULL;
  if (zero && zero->type.dtype != OB_UINT8) return dequantize_by_float(c, p);
  /* a half of all there are, in each element of a byte */
  uint8_t middle = p->bits == 8 ? 0x80 : p->bits == 4 ? 0x88 : 0xAA;
  if (!zero)
    zero = ob_contrib_fill(c, "zero_points", p->dtype, 2, dims, middle);
  else if (need_constant(c, zero, "zero_points"))
    c->status = repack(c, p->zero, p->dtype, p->rows, p->blocks, &zero);
  ob_value_t *scale = OB_RESHAPE(c, p->scale, p->rows, p->blocks);
  ob_contrib_with_int(c, "axis", 1);
  ob_contrib_with_int(c, "block_size", p->block);
  return OB_MAKE(c, "DequantizeLinear", p->values, scale, zero);
}

void ob_contrib_mat_mul_n_bits(ob_contrib_t *c) {
  packed_t p = {
      .rows = ob_contrib_int(c, "N", 0), .block = ob_contrib_int(c, "block_size", 0), .bits = ob_contrib_int(c, "bits", 4)};
  int64_t k = ob_contrib_int(c, "K", 0);
  ob_value_t *weights = ob_contrib_need(c, 1);
  p.scale = ob_contrib_need(c, 2);
  p.zero = ob_contrib_input(c, 3);
  p.dtype = dtype_of_bits(c, p.bits);
  ob_contrib_refuse(c, 4, "g_idx");
  ob_contrib_only(c, "weight_prepacked", 0);
  if (p.rows < 1 || k < 1 || p.block < 1 || p.rows > INT32_MAX || k > INT32_MAX || p.block > INT32_MAX)
    ob_contrib_fail(c, OB_INVALID_MODEL, "attributes N %lld, K %lld and block_size %lld make no matrix", (long long)p.rows,
                    (long long)k, (long long)p.block);
  if (!need_constant(c, weights, "B")) return;
  p.blocks = (k - 1) / p.block + 1;
  p.columns = p.blocks * p.block;
  c->status = view(c, weights, p.dtype, 2, (const int64_t[]){p.rows, p.columns}, &p.values);
  ob_value_t *b = dequantize(c, &p);
  if (p.columns != k) b = ob_contrib_slice(c, b, OB_LIST(c, 0), OB_LIST(c, k), 1);
  ob_value_t *y = OB_MAKE(c, "MatMul", ob_contrib_need(c, 0), OB_TRANSPOSE(c, b, 1, 0));
  ob_contrib_give(c, 0, ob_contrib_add(c, y, ob_contrib_input(c, 5)));
}

/* ------------------------------------------------------------ rows of a table */

/* Packed bytes as they come out of a Gather: one element a byte, the last axis longer. */
static ob_value_t *spread(ob_contrib_t *c, ob_value_t *bytes, int64_t bits) {
  ob_value_t *parts[4];
  size_t each = (size_t)(8 / bits);
  int64_t size = ob_contrib_size(c, bytes, -1, "the last axis of the data");
  int32_t rank = ob_contrib_rank(c, bytes);
  if (size > INT32_MAX) ob_contrib_fail(c, OB_UNSUPPORTED, "rows of %lld bytes are not supported", (long long)size);
  if (c->status != OB_OK) return NULL;
  for (size_t i = 0; i < each; i++) {
    ob_value_t *shift = ob_contrib_fill(c, "shift", OB_UINT8, 0, NULL, (uint8_t)(i * (size_t)bits));
    ob_value_t *mask = ob_contrib_fill(c, "mask", OB_UINT8, 0, NULL, (uint8_t)((1 << bits) - 1));
    ob_contrib_with_string(c, "direction", "RIGHT");
    ob_value_t *shifted = OB_MAKE(c, "BitShift", bytes, shift);
    parts[i] = OB_MAKE(c, "BitwiseAnd", shifted, mask);
    parts[i] = ob_contrib_unsqueeze(c, parts[i], rank);
  }
  int64_t shape[OB_MAX_RANK] = {0};
  if (rank > 0) shape[rank - 1] = size * (int64_t)each;
  return OB_MAKE(c, "Reshape", ob_contrib_join(c, parts, each, rank), ob_contrib_list(c, shape, (size_t)rank));
}

typedef struct blocks {
  ob_value_t *data, *scale, *zero;
  int64_t bits;
  bool is_signed;
} blocks_t;

/* Data as bytes that Gather takes, rows whole. */
static ob_value_t *as_bytes(ob_contrib_t *c, const blocks_t *b) {
  int64_t dims[OB_MAX_RANK];
  ob_value_t *bytes = NULL;
  if (b->data->type.dtype == OB_UINT8 || !need_constant(c, b->data, "data")) return b->data;
  const ob_constant_t *constant = b->data->constant;
  int64_t each = 8 / b->bits;
  memcpy(dims, constant->dims, (size_t)constant->rank * sizeof *dims);
  if (constant->rank < 1 || dims[constant->rank - 1] % each != 0) {
    ob_contrib_fail(c, OB_UNSUPPORTED, "rows of '%s' do not end at a whole byte", ob_quote(constant->name));
    return NULL;
  }
  dims[constant->rank - 1] /= each;
  c->status = view(c, b->data, OB_UINT8, constant->rank, dims, &bytes);
  return bytes;
}

/* Zero points as bytes, of the shape of the scale. */
static ob_value_t *zero_bytes(ob_contrib_t *c, const blocks_t *b) {
  ob_value_t *zero = b->zero;
  if (c->status != OB_OK) return NULL;
  if (!zero) {
    bool middle = b->is_signed || b->data->type.dtype == OB_UINT8; /* bytes are taken to lie around it */
    zero = ob_contrib_fill(c, "zero_point", OB_UINT8, 0, NULL, (uint8_t)(middle ? 1 << (b->bits - 1) : 0));
    return OB_MAKE(c, "Expand", zero, OB_MAKE(c, "Shape", b->scale));
  }
  if (b->is_signed) {
    ob_value_t *half = ob_contrib_fill(c, "half", OB_INT8, 0, NULL, (uint8_t)(1 << (b->bits - 1)));
    return ob_contrib_cast(c, OB_MAKE(c, "Add", ob_contrib_cast(c, zero, OB_INT8), half), OB_UINT8);
  }
  if (zero->type.dtype == OB_UINT8 && b->bits != 8 && need_constant(c, zero, "zero_points")) {
    int64_t each = ob_contrib_size(c, b->scale, -1, "the last axis of the scales"), rows = 1;
    int32_t rank = zero->constant->rank;
    for (int32_t i = 0; i < rank - 1; i++) rows *= zero->constant->dims[i];
    if (c->status == OB_OK) c->status = repack(c, b->zero, dtype_of_bits(c, b->bits), rows, each, &zero);
    zero = OB_MAKE(c, "Reshape", ob_contrib_cast(c, zero, OB_UINT8), OB_MAKE(c, "Shape", b->scale));
  }
  return ob_contrib_cast(c, zero, OB_UINT8);
}

static ob_value_t *pick(ob_contrib_t *c, ob_value_t *table, ob_value_t *indices, int64_t axis) {
  ob_contrib_with_int(c, "axis", axis);
  return OB_MAKE(c, "Gather", table, indices);
}

static int64_t axis_of(ob_contrib_t *c, const char *name, int64_t fallback, int64_t rank) {
  int64_t axis = ob_contrib_int(c, name, fallback);
  if (axis < -rank || axis >= rank)
    ob_contrib_fail(c, OB_INVALID_MODEL, "attribute '%s' is %lld, but 'data' has rank %lld", name, (long long)axis,
                    (long long)rank);
  return axis < 0 ? axis + rank : axis;
}

/* Rows are taken first, so that only they are dequantised. */
void ob_contrib_gather_block_quantized(ob_contrib_t *c) {
  blocks_t b = {ob_contrib_need(c, 0), ob_contrib_need(c, 2), ob_contrib_input(c, 3), ob_contrib_int(c, "bits", 4), false};
  ob_value_t *indices = ob_contrib_need(c, 1);
  int64_t rank = ob_contrib_rank(c, b.data), gather = axis_of(c, "gather_axis", 0, rank),
          axis = axis_of(c, "quantize_axis", 1, rank);
  (void)dtype_of_bits(c, b.bits);
  if (gather == axis || gather == rank - 1)
    ob_contrib_fail(c, OB_UNSUPPORTED, "'gather_axis' must be neither 'quantize_axis' nor the last axis");
  if (c->status != OB_OK) return;
  b.is_signed = b.data->type.dtype == OB_INT4 || b.data->type.dtype == OB_INT2;
  ob_value_t *data = pick(c, as_bytes(c, &b), indices, gather), *zero = pick(c, zero_bytes(c, &b), indices, gather);
  if (b.bits != 8) data = spread(c, data, b.bits);
  if (b.is_signed)
    data = OB_MAKE(c, "BitwiseXor", data, ob_contrib_fill(c, "half", OB_UINT8, 0, NULL, (uint8_t)(1 << (b.bits - 1))));
  ob_value_t *scale = pick(c, b.scale, indices, gather);
  ob_contrib_with_int(c, "axis", gather < axis ? axis + ob_contrib_rank(c, indices) - 1 : axis);
  ob_contrib_with_int(c, "block_size", ob_contrib_int(c, "block_size", 128));
  ob_contrib_give(c, 0, OB_MAKE(c, "DequantizeLinear", data, scale, zero));
}
