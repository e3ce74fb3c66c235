/* LessOrEqual: true where A <= B, with broadcasting. */
#include "op/infer_util.h"

static ob_dim_t less_or_equal(ob_infer_t *infer, ob_dim_t a, ob_dim_t b) { return ob_dim_make(infer, OB_EXPR_LE, a, b); }

static ob_status_t infer(ob_infer_t *infer) { return ob_infer_fold(infer, less_or_equal); }

const ob_op_t ob_op_LessOrEqual = {
    .name = "LessOrEqual",
    .domain = "",
    .since = 16,
    .flags = OB_OP_ELEMENTWISE,
    OB_INPUTS(2, OB_PARAM("A", 'T', OB_TYPES_NUMERIC), OB_PARAM("B", 'T', OB_TYPES_NUMERIC)),
    OB_OUTPUTS(1, OB_PARAM("C", '1', OB_TYPES_BOOL)),
    .infer = infer,
    .doc = "true where A <= B, with broadcasting",
};
