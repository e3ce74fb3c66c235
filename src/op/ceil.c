/* Ceil: rounds up. */
#include "op/infer_util.h"

const ob_op_t ob_op_Ceil = {
    .name = "Ceil",
    .domain = "",
    .since = 13,
    .flags = OB_OP_ELEMENTWISE,
    OB_INPUTS(1, OB_PARAM("X", 'T', OB_TYPES_FLOATS)),
    OB_OUTPUTS(1, OB_PARAM("Y", 'T', OB_TYPES_FLOATS)),
    .infer = ob_infer_same,
    .doc = "rounds up",
};
