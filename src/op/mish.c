/* Mish: x * tanh(softplus(x)). */
#include "op/infer_util.h"

const ob_op_t ob_op_Mish = {
    .name = "Mish",
    .domain = "",
    .since = 22,
    .flags = OB_OP_ELEMENTWISE,
    OB_INPUTS(1, OB_PARAM("X", 'T', OB_TYPES_FLOATS)),
    OB_OUTPUTS(1, OB_PARAM("Y", 'T', OB_TYPES_FLOATS)),
    .infer = ob_infer_same,
    .doc = "x * tanh(softplus(x))",
};
