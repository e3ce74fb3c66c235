/* Mean: mean of any number of tensors, with broadcasting. */
#include "op/infer_util.h"

const ob_op_t ob_op_Mean = {
    .name = "Mean",
    .domain = "",
    .since = 13,
    .flags = OB_OP_ELEMENTWISE,
    OB_INPUTS(1, OB_PARAM("data_0", 'T', OB_TYPES_FLOATS)),
    OB_OUTPUTS(1, OB_PARAM("mean", 'T', OB_TYPES_FLOATS)),
    .variadic_inputs = true,
    .infer = ob_infer_broadcast,
    .doc = "mean of any number of tensors, with broadcasting",
};
