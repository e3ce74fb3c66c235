/* Celu: max(0, x) + min(0, alpha * (exp(x / alpha) - 1)). */
#include "op/infer_util.h"

const ob_op_t ob_op_Celu = {
    .name = "Celu",
    .domain = "",
    .since = 28,
    .flags = OB_OP_ELEMENTWISE,
    OB_INPUTS(1, OB_PARAM("X", 'T', OB_TYPES_FLOATS)),
    OB_OUTPUTS(1, OB_PARAM("Y", 'T', OB_TYPES_FLOATS)),
    OB_ATTRIBUTES(OB_FLOAT("alpha", 1.0f)),
    .infer = ob_infer_same,
    .doc = "max(0, x) + min(0, alpha * (exp(x / alpha) - 1))",
};
