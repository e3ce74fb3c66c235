/* Scales and zero points: for a whole tensor, along an axis, or for blocks of it. */
#include "op/quantize.h"

static void check_blocks(ob_infer_t *infer, const ob_shape_t *x, const ob_shape_t *scale, int32_t axis, int64_t block) {
  if (scale->rank != x->rank) {
    ob_infer_fail(infer, "the scale has rank %d, expected %d: blocks of %lld", scale->rank, x->rank, (long long)block);
    return;
  }
  for (int32_t i = 0; i < x->rank; i++) {
    ob_dim_t expected = i == axis ? ob_dim_make(infer, OB_EXPR_CEILDIV, x->dims[i], ob_dim(infer, block)) : x->dims[i];
    ob_dim_require_equal(infer, scale->dims[i], expected, "sizes of the scale and of the input's blocks");
  }
}

static void check_scale(ob_infer_t *infer, const ob_shape_t *x, const ob_shape_t *scale) {
  int64_t block = ob_infer_int_within(infer, "block_size", 0, 0, INT64_MAX);
  bool single = scale->rank == 0 || (scale->rank == 1 && ob_dim_is(scale->dims[0], 1));
  if (x->rank < 0 || scale->rank < 0 || (single && block == 0)) return;
  int32_t axis = ob_infer_axis(infer, "axis", 1, x->rank);
  if (infer->status != OB_OK) return;
  if (block > 0) {
    check_blocks(infer, x, scale, axis, block);
    return;
  }
  if (scale->rank != 1) {
    ob_infer_fail(infer, "the scale has rank %d, expected 0 or 1 without a block_size", scale->rank);
    return;
  }
  ob_dim_require_equal(infer, scale->dims[0], x->dims[axis], "sizes of the scale and of the input's axis");
}

/* Writers leave a zero point scalar where the scale has one element. */
static void check_zero_point(ob_infer_t *infer, const ob_shape_t *scale, const ob_shape_t *zero_point) {
  if (zero_point->rank <= 0 || scale->rank < 0) return;
  int64_t size;
  bool single = scale->rank == 0 && zero_point->rank == 1 && (!ob_dim_is_const(zero_point->dims[0], &size) || size == 1);
  if (single) {
    ob_dim_require_equal(infer, zero_point->dims[0], ob_dim(infer, 1), "one zero point for one scale");
    return;
  }
  if (zero_point->rank != scale->rank) {
    ob_infer_fail(infer, "the zero point has rank %d, but the scale %d", zero_point->rank, scale->rank);
    return;
  }
  for (int32_t i = 0; i < scale->rank; i++)
    ob_dim_require_equal(infer, scale->dims[i], zero_point->dims[i], "sizes of scale and zero point");
}

ob_status_t ob_infer_quantization(ob_infer_t *infer, ob_dtype_t dtype) {
  ob_shape_t x = ob_infer_shape(infer, 0), scale = ob_infer_shape(infer, 1), zero_point = ob_infer_shape(infer, 2);
  check_scale(infer, &x, &scale);
  check_zero_point(infer, &scale, &zero_point);
  return ob_infer_set(infer, 0, dtype, &x);
}
