/* DFT: discrete Fourier transform along an axis, or its inverse. */
#include "op/infer_util.h"

static ob_status_t infer(ob_infer_t *infer) {
  ob_shape_t x = ob_infer_shape_at_least(infer, 0, 2), shape = x;
  bool onesided = ob_infer_int_within(infer, "onesided", 0, 0, 1) != 0,
       inverse = ob_infer_int_within(infer, "inverse", 0, 0, 1) != 0;
  int64_t axis = -2;
  ob_dim_t given = ob_infer_scalar(infer, 2), length = ob_infer_scalar(infer, 1);
  if (x.rank < 0) return ob_infer_set(infer, 0, OB_UNDEFINED, &x);
  shape.dims[x.rank - 1] = ob_dim(infer, onesided && inverse ? 1 : 2);
  if (ob_infer_has(infer, 2) && !ob_dim_is_const(given, &axis)) {
    for (int32_t i = 0; i < x.rank - 1; i++) shape.dims[i] = NULL;
    return ob_infer_set(infer, 0, OB_UNDEFINED, &shape);
  }
  int32_t at = ob_infer_axis_of(infer, "axis", axis, x.rank, false);
  if (at == x.rank - 1) return ob_infer_fail(infer, "'axis' is the last one, which holds real and imaginary parts");
  if (!ob_infer_has(infer, 1))
    length = onesided && inverse ? ob_dim_times(infer, ob_dim_plus(infer, x.dims[at], -1), 2) : x.dims[at];
  if (onesided && !inverse) length = ob_dim_plus(infer, ob_dim_make(infer, OB_EXPR_FLOORDIV, length, ob_dim(infer, 2)), 1);
  shape.dims[at] = length;
  return ob_infer_set(infer, 0, OB_UNDEFINED, &shape);
}

const ob_op_t ob_op_DFT = {
    .name = "DFT",
    .domain = "",
    .since = 20,
    OB_INPUTS(1, OB_PARAM("input", '1', OB_TYPES_FLOATS), OB_OPTIONAL_PARAM("dft_length", '2', OB_TYPES_INDEX),
              OB_OPTIONAL_PARAM("axis", 0, OB_TYPES_INT64)),
    OB_OUTPUTS(1, OB_PARAM("output", '1', OB_TYPES_FLOATS)),
    OB_ATTRIBUTES(OB_INT("inverse", 0), OB_INT("onesided", 0)),
    .infer = infer,
    .doc = "discrete Fourier transform along an axis, or its inverse",
};
