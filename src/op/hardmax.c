/* Hardmax: 1 at the first largest element along an axis, 0 elsewhere. */
#include "op/infer_util.h"

const ob_op_t ob_op_Hardmax = {
    .name = "Hardmax",
    .domain = "",
    .since = 13,
    OB_INPUTS(1, OB_PARAM("input", 'T', OB_TYPES_FLOATS)),
    OB_OUTPUTS(1, OB_PARAM("output", 'T', OB_TYPES_FLOATS)),
    OB_ATTRIBUTES(OB_INT("axis", -1)),
    .infer = ob_infer_along_axis,
    .doc = "1 at the first largest element along an axis, 0 elsewhere",
};
