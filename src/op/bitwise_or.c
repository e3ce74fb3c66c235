/* BitwiseOr: bitwise or, with broadcasting. */
#include "op/infer_util.h"

const ob_op_t ob_op_BitwiseOr = {
    .name = "BitwiseOr",
    .domain = "",
    .since = 18,
    .flags = OB_OP_ELEMENTWISE,
    OB_INPUTS(2, OB_PARAM("A", 'T', OB_TYPES_INTEGERS), OB_PARAM("B", 'T', OB_TYPES_INTEGERS)),
    OB_OUTPUTS(1, OB_PARAM("C", 'T', OB_TYPES_INTEGERS)),
    .infer = ob_infer_broadcast,
    .doc = "bitwise or, with broadcasting",
};
