/* Exp: exponential. */
#include "op/infer_util.h"

const ob_op_t ob_op_Exp = {
    .name = "Exp",
    .domain = "",
    .since = 13,
    .flags = OB_OP_ELEMENTWISE,
    OB_INPUTS(1, OB_PARAM("input", 'T', OB_TYPES_FLOATS)),
    OB_OUTPUTS(1, OB_PARAM("output", 'T', OB_TYPES_FLOATS)),
    .infer = ob_infer_same,
    .doc = "exponential",
};
