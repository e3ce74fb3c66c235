/* HardSigmoid: alpha * x + beta, limited to 0..1. */
#include "op/infer_util.h"

const ob_op_t ob_op_HardSigmoid = {
    .name = "HardSigmoid",
    .domain = "",
    .since = 22,
    .flags = OB_OP_ELEMENTWISE,
    OB_INPUTS(1, OB_PARAM("X", 'T', OB_TYPES_FLOATS)),
    OB_OUTPUTS(1, OB_PARAM("Y", 'T', OB_TYPES_FLOATS)),
    OB_ATTRIBUTES(OB_FLOAT("alpha", 0.2f), OB_FLOAT("beta", 0.5f)),
    .infer = ob_infer_same,
    .doc = "alpha * x + beta, limited to 0..1",
};
