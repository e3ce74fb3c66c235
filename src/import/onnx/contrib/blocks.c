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
  if (p.rows < 1 || k < 1 || p.block < 1 || p.block > k + (1 << 20))
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

/* Bytes that hold two or more elements each become a tensor whose last axis is longer. */
static ob_value_t *unpacked(ob_contrib_t *c, ob_value_t *value, int64_t bits, const char *name) {
  int64_t dims[OB_MAX_RANK];
  ob_value_t *result = value;
  ob_dtype_t dtype = dtype_of_bits(c, bits);
  if (c->status != OB_OK || !value || value->type.dtype != OB_UINT8 || bits == 8 || !need_constant(c, value, name)) return value;
  const ob_constant_t *constant = value->constant;
  if (constant->rank < 1) return value;
  memcpy(dims, constant->dims, (size_t)constant->rank * sizeof *dims);
  dims[constant->rank - 1] *= 8 / bits;
  c->status = view(c, value, dtype, constant->rank, dims, &result);
  return result;
}

static ob_value_t *pick(ob_contrib_t *c, ob_value_t *table, ob_value_t *indices, int64_t axis) {
  ob_contrib_with_int(c, "axis", axis);
  return OB_MAKE(c, "Gather", table, indices);
}

/* Rows are taken first, so that only they are dequantised. */
void ob_contrib_gather_block_quantized(ob_contrib_t *c) {
  int64_t bits = ob_contrib_int(c, "bits", 4), block = ob_contrib_int(c, "block_size", 128);
  ob_value_t *data = ob_contrib_need(c, 0), *indices = ob_contrib_need(c, 1), *scale = ob_contrib_need(c, 2);
  bool bytes = data && data->type.dtype == OB_UINT8;
  int64_t rank = ob_contrib_rank(c, data), gather = ob_contrib_int(c, "gather_axis", 0),
          axis = ob_contrib_int(c, "quantize_axis", 1);
  ob_value_t *zero = ob_contrib_input(c, 3);
  if (gather < 0) gather += rank;
  if (axis < 0) axis += rank;
  if (gather == axis) ob_contrib_fail(c, OB_UNSUPPORTED, "'gather_axis' and 'quantize_axis' are the same axis");
  if (bytes && axis != rank - 1) ob_contrib_fail(c, OB_UNSUPPORTED, "packed data must be quantised along the last axis");
  data = unpacked(c, data, bits, "data");
  if (bytes) zero = unpacked(c, zero, bits, "zero_points");
  if (bytes && zero && bits != 8) zero = ob_contrib_slice(c, zero, OB_LIST(c, 0), ob_contrib_dim(c, scale, -1), -1); /* filled up */
  data = pick(c, data, indices, gather);
  if (zero) zero = pick(c, zero, indices, gather);
  scale = pick(c, scale, indices, gather);
  if (c->status == OB_OK && bytes && !zero) { /* they are unsigned around the middle */
    ob_value_t *middle = ob_contrib_fill(c, "zero_point", data->type.dtype, 0, NULL, bits == 8 ? 0x80 : bits == 4 ? 0x08 : 0x02);
    zero = OB_MAKE(c, "Expand", middle, OB_MAKE(c, "Shape", scale));
  }
  ob_contrib_with_int(c, "axis", gather < axis ? axis + ob_contrib_rank(c, indices) - 1 : axis);
  ob_contrib_with_int(c, "block_size", block);
  ob_contrib_give(c, 0, OB_MAKE(c, "DequantizeLinear", data, scale, zero));
}
