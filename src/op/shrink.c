/* Shrink: moves x by bias towards zero beyond lambd, else gives 0. */
#include "op/infer_util.h"

const ob_op_t ob_op_Shrink = {
    .name = "Shrink",
    .domain = "",
    .since = 9,
    .flags = OB_OP_ELEMENTWISE,
    OB_INPUTS(1, OB_PARAM("input", 'T', OB_TYPES_NUMERIC & ~OB_DTYPE_BIT(OB_BFLOAT16))),
    OB_OUTPUTS(1, OB_PARAM("output", 'T', OB_TYPES_NUMERIC & ~OB_DTYPE_BIT(OB_BFLOAT16))),
    OB_ATTRIBUTES(OB_FLOAT("bias", 0.0f), OB_FLOAT("lambd", 0.5f)),
    .infer = ob_infer_same,
    .doc = "moves x by bias towards zero beyond lambd, else gives 0",
};
