/* Relu: max(0, x). */
#include "op/infer_util.h"

const ob_op_t ob_op_Relu = {
    .name = "Relu",
    .domain = "",
    .since = 14,
    .flags = OB_OP_ELEMENTWISE,
    OB_INPUTS(1, OB_PARAM("X", 'T', OB_TYPES_FLOATS | OB_TYPES_SIGNED)),
    OB_OUTPUTS(1, OB_PARAM("Y", 'T', OB_TYPES_FLOATS | OB_TYPES_SIGNED)),
    .infer = ob_infer_same,
    .doc = "max(0, x)",
};
