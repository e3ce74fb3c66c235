/* Sum: sum of any number of tensors, with broadcasting. */
#include "op/infer_util.h"

const ob_op_t ob_op_Sum = {
    .name = "Sum",
    .domain = "",
    .since = 13,
    .flags = OB_OP_ELEMENTWISE,
    OB_INPUTS(1, OB_PARAM("data_0", 'T', OB_TYPES_FLOATS)),
    OB_OUTPUTS(1, OB_PARAM("sum", 'T', OB_TYPES_FLOATS)),
    .variadic_inputs = true,
    .infer = ob_infer_broadcast,
    .doc = "sum of any number of tensors, with broadcasting",
};
