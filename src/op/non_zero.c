/* NonZero: where the elements that are not 0 are. */
#include "op/infer_util.h"

static ob_status_t infer(ob_infer_t *infer) {
  ob_shape_t x = ob_infer_shape(infer, 0), shape = ob_shape_of_rank(2);
  if (x.rank >= 0) shape.dims[0] = ob_dim(infer, x.rank);
  return ob_infer_set(infer, 0, OB_UNDEFINED, &shape);
}

const ob_op_t ob_op_NonZero = {
    .name = "NonZero",
    .domain = "",
    .since = 13,
    .flags = OB_OP_DATA_SHAPE,
    OB_INPUTS(1, OB_PARAM("X", 'T', OB_TYPES_COMMON)),
    OB_OUTPUTS(1, OB_PARAM("Y", 0, OB_TYPES_INT64)),
    .infer = infer,
    .doc = "where the elements that are not 0 are",
};
