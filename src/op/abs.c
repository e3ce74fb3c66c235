/* Abs: absolute value of each element. */
#include "op/infer_util.h"

static ob_dim_t absolute(ob_infer_t *infer, ob_dim_t a) { return ob_dim_max(infer, a, ob_dim_sub(infer, ob_dim(infer, 0), a)); }

static ob_status_t infer(ob_infer_t *infer) { return ob_infer_fold_unary(infer, absolute); }

const ob_op_t ob_op_Abs = {
    .name = "Abs",
    .domain = "",
    .since = 13,
    .flags = OB_OP_ELEMENTWISE,
    OB_INPUTS(1, OB_PARAM("X", 'T', OB_TYPES_NUMERIC)),
    OB_OUTPUTS(1, OB_PARAM("Y", 'T', OB_TYPES_NUMERIC)),
    .infer = infer,
    .doc = "absolute value of each element",
};
