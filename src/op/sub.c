/* Sub: difference of two tensors, with broadcasting. */
#include "op/infer_util.h"

static ob_status_t infer(ob_infer_t *infer) { return ob_infer_fold(infer, ob_dim_sub); }

const ob_op_t ob_op_Sub = {
    .name = "Sub",
    .domain = "",
    .since = 14,
    .flags = OB_OP_ELEMENTWISE,
    OB_INPUTS(2, OB_PARAM("A", 'T', OB_TYPES_NUMERIC), OB_PARAM("B", 'T', OB_TYPES_NUMERIC)),
    OB_OUTPUTS(1, OB_PARAM("C", 'T', OB_TYPES_NUMERIC)),
    .infer = infer,
    .doc = "difference of two tensors, with broadcasting",
};
