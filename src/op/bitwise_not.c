/* BitwiseNot: bitwise complement. */
#include "op/infer_util.h"

const ob_op_t ob_op_BitwiseNot = {
    .name = "BitwiseNot",
    .domain = "",
    .since = 18,
    .flags = OB_OP_ELEMENTWISE,
    OB_INPUTS(1, OB_PARAM("X", 'T', OB_TYPES_INTEGERS)),
    OB_OUTPUTS(1, OB_PARAM("Y", 'T', OB_TYPES_INTEGERS)),
    .infer = ob_infer_same,
    .doc = "bitwise complement",
};
