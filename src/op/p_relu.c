/* PRelu: x where positive, else slope * x; the slope is broadcast to X. */
#include "op/infer_util.h"

static ob_status_t infer(ob_infer_t *infer) {
  ob_shape_t x = ob_infer_shape(infer, 0), slope = ob_infer_shape(infer, 1);
  if (x.rank >= 0 && slope.rank > x.rank) return ob_infer_fail(infer, "slope has rank %d, expected at most %d", slope.rank, x.rank);
  return ob_infer_set(infer, 0, OB_UNDEFINED, &x);
}

const ob_op_t ob_op_PRelu = {
    .name = "PRelu",
    .domain = "",
    .since = 16,
    .flags = OB_OP_ELEMENTWISE,
    OB_INPUTS(2, OB_PARAM("X", 'T', OB_TYPES_WIDE), OB_PARAM("slope", 'T', OB_TYPES_WIDE)),
    OB_OUTPUTS(1, OB_PARAM("Y", 'T', OB_TYPES_WIDE)),
    .infer = infer,
    .doc = "x where positive, else slope * x; the slope is broadcast to X",
};
