/* Pow: X to the power of Y, with broadcasting. */
#include "op/infer_util.h"

const ob_op_t ob_op_Pow = {
    .name = "Pow",
    .domain = "",
    .since = 15,
    .flags = OB_OP_ELEMENTWISE,
    OB_INPUTS(2, OB_PARAM("X", 'T', OB_TYPES_FLOATS | OB_TYPES_INDEX), OB_PARAM("Y", '1', OB_TYPES_NUMERIC)),
    OB_OUTPUTS(1, OB_PARAM("Z", 'T', OB_TYPES_FLOATS | OB_TYPES_INDEX)),
    .infer = ob_infer_broadcast,
    .doc = "X to the power of Y, with broadcasting",
};
