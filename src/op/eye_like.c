/* EyeLike: a matrix with ones on a diagonal, of the input's shape. */
#include "op/infer_util.h"

static ob_status_t infer(ob_infer_t *infer) {
  ob_shape_t x = ob_infer_shape_of_rank(infer, 0, 2);
  return ob_infer_set(infer, 0, ob_infer_dtype_attribute(infer, "dtype", ob_infer_dtype(infer, 0)), &x);
}

const ob_op_t ob_op_EyeLike = {
    .name = "EyeLike",
    .domain = "",
    .since = 22,
    OB_INPUTS(1, OB_PARAM("input", '1', OB_TYPES_NUMERIC | OB_TYPES_BOOL)),
    OB_OUTPUTS(1, OB_PARAM("output", '2', OB_TYPES_NUMERIC | OB_TYPES_BOOL)),
    OB_ATTRIBUTES(OB_MAYBE("dtype", INT), OB_INT("k", 0)),
    .infer = infer,
    .doc = "a matrix with ones on a diagonal, of the input's shape",
};
