/* RMSNormalization: divides by the root of the mean square over the axes from `axis` on, then scales. */
#include "op/infer_util.h"

static ob_status_t infer(ob_infer_t *infer) {
  ob_shape_t x = ob_infer_shape_at_least(infer, 0, 1), scale = ob_infer_shape(infer, 1);
  ob_infer_axis(infer, "axis", -1, x.rank);
  ob_infer_check_broadcast_to(infer, &scale, &x, "scale");
  return ob_infer_set(infer, 0, OB_UNDEFINED, &x);
}

const ob_op_t ob_op_RMSNormalization = {
    .name = "RMSNormalization",
    .domain = "",
    .since = 23,
    OB_INPUTS(2, OB_PARAM("X", 'T', OB_TYPES_FLOATS), OB_PARAM("scale", 'V', OB_TYPES_FLOATS)),
    OB_OUTPUTS(1, OB_PARAM("Y", 'V', OB_TYPES_FLOATS)),
    OB_ATTRIBUTES(OB_INT("axis", -1), OB_FLOAT("epsilon", 0.00001f), OB_INT("stash_type", 1)),
    .infer = infer,
    .doc = "divides by the root of the mean square over the axes from `axis` on, then scales",
};
