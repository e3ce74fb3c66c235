/* LeakyRelu: x where positive, else alpha * x. */
#include "op/infer_util.h"

const ob_op_t ob_op_LeakyRelu = {
    .name = "LeakyRelu",
    .domain = "",
    .since = 16,
    .flags = OB_OP_ELEMENTWISE,
    OB_INPUTS(1, OB_PARAM("X", 'T', OB_TYPES_FLOATS)),
    OB_OUTPUTS(1, OB_PARAM("Y", 'T', OB_TYPES_FLOATS)),
    OB_ATTRIBUTES(OB_FLOAT("alpha", 0.01f)),
    .infer = ob_infer_same,
    .doc = "x where positive, else alpha * x",
};
