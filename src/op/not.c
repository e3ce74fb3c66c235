/* Not: logical negation. */
#include "op/infer_util.h"

static ob_status_t infer(ob_infer_t *infer) { return ob_infer_fold_unary(infer, ob_dim_not); }

const ob_op_t ob_op_Not = {
    .name = "Not",
    .domain = "",
    .since = 1,
    .flags = OB_OP_ELEMENTWISE,
    OB_INPUTS(1, OB_PARAM("X", 'T', OB_TYPES_BOOL)),
    OB_OUTPUTS(1, OB_PARAM("Y", 'T', OB_TYPES_BOOL)),
    .infer = infer,
    .doc = "logical negation",
};
