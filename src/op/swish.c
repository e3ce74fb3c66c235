/* Swish: x * sigmoid(alpha * x). */
#include "op/infer_util.h"

const ob_op_t ob_op_Swish = {
    .name = "Swish",
    .domain = "",
    .since = 24,
    .flags = OB_OP_ELEMENTWISE,
    OB_INPUTS(1, OB_PARAM("X", 'T', OB_TYPES_FLOATS)),
    OB_OUTPUTS(1, OB_PARAM("Y", 'T', OB_TYPES_FLOATS)),
    OB_ATTRIBUTES(OB_FLOAT("alpha", 1.0f)),
    .infer = ob_infer_same,
    .doc = "x * sigmoid(alpha * x)",
};
