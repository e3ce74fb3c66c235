/* LRN: divides by a power of the sum of squares of neighbouring channels. */
#include "op/infer_util.h"

static ob_status_t infer(ob_infer_t *infer) {
  ob_infer_int_within(infer, "size", 1, 1, INT64_MAX);
  ob_infer_shape_at_least(infer, 0, 2);
  return ob_infer_same(infer);
}

const ob_op_t ob_op_LRN = {
    .name = "LRN",
    .domain = "",
    .since = 13,
    OB_INPUTS(1, OB_PARAM("X", 'T', OB_TYPES_FLOATS)),
    OB_OUTPUTS(1, OB_PARAM("Y", 'T', OB_TYPES_FLOATS)),
    OB_ATTRIBUTES(OB_FLOAT("alpha", 0.0001f), OB_FLOAT("beta", 0.75f), OB_FLOAT("bias", 1.0f), OB_MUST("size", INT)),
    .infer = infer,
    .doc = "divides by a power of the sum of squares of neighbouring channels",
};
