/* LogSoftmax: logarithm of Softmax. */
#include "op/infer_util.h"

const ob_op_t ob_op_LogSoftmax = {
    .name = "LogSoftmax",
    .domain = "",
    .since = 13,
    OB_INPUTS(1, OB_PARAM("input", 'T', OB_TYPES_FLOATS)),
    OB_OUTPUTS(1, OB_PARAM("output", 'T', OB_TYPES_FLOATS)),
    OB_ATTRIBUTES(OB_INT("axis", -1)),
    .infer = ob_infer_along_axis,
    .doc = "logarithm of Softmax",
};
