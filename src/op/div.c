/* Div: quotient of two tensors, with broadcasting; of integers, towards zero. */
#include "op/infer_util.h"

static ob_status_t infer(ob_infer_t *infer) { return ob_infer_fold(infer, ob_dim_divide); }

const ob_op_t ob_op_Div = {
    .name = "Div",
    .domain = "",
    .since = 14,
    .flags = OB_OP_ELEMENTWISE,
    OB_INPUTS(2, OB_PARAM("A", 'T', OB_TYPES_NUMERIC), OB_PARAM("B", 'T', OB_TYPES_NUMERIC)),
    OB_OUTPUTS(1, OB_PARAM("C", 'T', OB_TYPES_NUMERIC)),
    .infer = infer,
    .doc = "quotient of two tensors, with broadcasting; of integers, towards zero",
};
