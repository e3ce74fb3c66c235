/* IsInf: true where an element is infinite. */
#include "op/infer_util.h"

const ob_op_t ob_op_IsInf = {
    .name = "IsInf",
    .domain = "",
    .since = 20,
    .flags = OB_OP_ELEMENTWISE,
    OB_INPUTS(1, OB_PARAM("X", '1', OB_TYPES_FLOATS | (OB_TYPES_FLOAT8S & ~OB_DTYPE_BIT(OB_FLOAT8E8M0)))),
    OB_OUTPUTS(1, OB_PARAM("Y", '2', OB_TYPES_BOOL)),
    OB_ATTRIBUTES(OB_INT("detect_negative", 1), OB_INT("detect_positive", 1)),
    .infer = ob_infer_same,
    .doc = "true where an element is infinite",
};
