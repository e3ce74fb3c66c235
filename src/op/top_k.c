/* TopK: the K largest or smallest elements along an axis, and where they are. */
#include "op/infer_util.h"

static ob_status_t infer(ob_infer_t *infer) {
  ob_shape_t shape = ob_infer_shape_at_least(infer, 0, 1);
  int32_t axis = ob_infer_axis(infer, "axis", -1, shape.rank);
  int64_t number, size;
  ob_dim_t k = ob_infer_scalar(infer, 1);
  if (ob_dim_is_const(k, &number) && number < 0) return ob_infer_fail(infer, "K is %lld", (long long)number);
  if (shape.rank >= 0) {
    if (ob_dim_is_const(k, &number) && ob_dim_is_const(shape.dims[axis], &size) && number > size)
      return ob_infer_fail(infer, "K is %lld, but the axis has only %lld elements", (long long)number, (long long)size);
    if (k) ob_infer_guard(infer, ob_dim_make(infer, OB_EXPR_LE, k, shape.dims[axis]), "TopK: the axis has K elements or more");
    shape.dims[axis] = k;
  }
  OB_TRY(ob_infer_set(infer, 0, OB_UNDEFINED, &shape));
  return ob_infer_set(infer, 1, OB_UNDEFINED, &shape);
}

const ob_op_t ob_op_TopK = {
    .name = "TopK",
    .domain = "",
    .since = 24,
    OB_INPUTS(2, OB_PARAM("X", 'T', OB_TYPES_NUMERIC), OB_PARAM("K", 0, OB_TYPES_INT64)),
    OB_OUTPUTS(2, OB_PARAM("Values", 'T', OB_TYPES_NUMERIC), OB_PARAM("Indices", 'I', OB_TYPES_INT64)),
    OB_ATTRIBUTES(OB_INT("axis", -1), OB_INT("largest", 1), OB_INT("sorted", 1)),
    .infer = infer,
    .doc = "the K largest or smallest elements along an axis, and where they are",
};
