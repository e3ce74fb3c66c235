/* HardSwish: x * max(0, min(1, x / 6 + 0.5)). */
#include "op/infer_util.h"

const ob_op_t ob_op_HardSwish = {
    .name = "HardSwish",
    .domain = "",
    .since = 22,
    .flags = OB_OP_ELEMENTWISE,
    OB_INPUTS(1, OB_PARAM("X", 'T', OB_TYPES_FLOATS)),
    OB_OUTPUTS(1, OB_PARAM("Y", 'T', OB_TYPES_FLOATS)),
    .infer = ob_infer_same,
    .doc = "x * max(0, min(1, x / 6 + 0.5))",
};
