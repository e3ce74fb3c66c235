/* Atan: arc tangent. */
#include "op/infer_util.h"

const ob_op_t ob_op_Atan = {
    .name = "Atan",
    .domain = "",
    .since = 22,
    .flags = OB_OP_ELEMENTWISE,
    OB_INPUTS(1, OB_PARAM("input", 'T', OB_TYPES_FLOATS)),
    OB_OUTPUTS(1, OB_PARAM("output", 'T', OB_TYPES_FLOATS)),
    .infer = ob_infer_same,
    .doc = "arc tangent",
};
