/* SwiGLU: A * sigmoid(alpha * A) * B. */
#include "op/infer_util.h"

const ob_op_t ob_op_SwiGLU = {
    .name = "SwiGLU",
    .domain = "",
    .since = 28,
    .flags = OB_OP_ELEMENTWISE,
    OB_INPUTS(2, OB_PARAM("A", 'T', OB_TYPES_FLOATS), OB_PARAM("B", 'T', OB_TYPES_FLOATS)),
    OB_OUTPUTS(1, OB_PARAM("Y", 'T', OB_TYPES_FLOATS)),
    OB_ATTRIBUTES(OB_FLOAT("alpha", 1.0f)),
    .infer = ob_infer_broadcast,
    .doc = "A * sigmoid(alpha * A) * B",
};
