/* IsNaN: true where an element is not a number. */
#include "op/infer_util.h"

const ob_op_t ob_op_IsNaN = {
    .name = "IsNaN",
    .domain = "",
    .since = 20,
    .flags = OB_OP_ELEMENTWISE,
    OB_INPUTS(1, OB_PARAM("X", '1', OB_TYPES_FLOATS | (OB_TYPES_FLOAT8S & ~OB_DTYPE_BIT(OB_FLOAT8E8M0)))),
    OB_OUTPUTS(1, OB_PARAM("Y", '2', OB_TYPES_BOOL)),
    .infer = ob_infer_same,
    .doc = "true where an element is not a number",
};
