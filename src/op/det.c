/* Det: determinants of square matrices. */
#include "op/infer_util.h"

static ob_status_t infer(ob_infer_t *infer) {
  ob_shape_t x = ob_infer_shape_at_least(infer, 0, 2);
  if (x.rank >= 0) {
    ob_dim_require_equal(infer, x.dims[x.rank - 2], x.dims[x.rank - 1], "the sides of a matrix");
    x.rank -= 2;
  }
  return ob_infer_set(infer, 0, OB_UNDEFINED, &x);
}

const ob_op_t ob_op_Det = {
    .name = "Det",
    .domain = "",
    .since = 22,
    OB_INPUTS(1, OB_PARAM("X", 'T', OB_TYPES_FLOATS)),
    OB_OUTPUTS(1, OB_PARAM("Y", 'T', OB_TYPES_FLOATS)),
    .infer = infer,
    .doc = "determinants of square matrices",
};
