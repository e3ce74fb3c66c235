/* LpNormalization: divides by the p-norm along an axis. */
#include "op/infer_util.h"

static ob_status_t infer(ob_infer_t *infer) {
  ob_infer_int_within(infer, "p", 2, 1, 2);
  return ob_infer_along_axis(infer);
}

const ob_op_t ob_op_LpNormalization = {
    .name = "LpNormalization",
    .domain = "",
    .since = 22,
    OB_INPUTS(1, OB_PARAM("input", 'T', OB_TYPES_FLOATS)),
    OB_OUTPUTS(1, OB_PARAM("output", 'T', OB_TYPES_FLOATS)),
    OB_ATTRIBUTES(OB_INT("axis", -1), OB_INT("p", 2)),
    .infer = infer,
    .doc = "divides by the p-norm along an axis",
};
