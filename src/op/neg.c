/* Neg: negates each element. */
#include "op/infer_util.h"

static ob_dim_t negative(ob_infer_t *infer, ob_dim_t a) { return ob_dim_sub(infer, ob_dim(infer, 0), a); }

static ob_status_t infer(ob_infer_t *infer) { return ob_infer_fold_unary(infer, negative); }

const ob_op_t ob_op_Neg = {
    .name = "Neg",
    .domain = "",
    .since = 13,
    .flags = OB_OP_ELEMENTWISE,
    OB_INPUTS(1, OB_PARAM("X", 'T', OB_TYPES_FLOATS | OB_TYPES_SIGNED)),
    OB_OUTPUTS(1, OB_PARAM("Y", 'T', OB_TYPES_FLOATS | OB_TYPES_SIGNED)),
    .infer = infer,
    .doc = "negates each element",
};
