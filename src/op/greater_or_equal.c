/* GreaterOrEqual: true where A >= B, with broadcasting. */
#include "op/infer_util.h"

static ob_dim_t greater_or_equal(ob_infer_t *infer, ob_dim_t a, ob_dim_t b) { return ob_dim_make(infer, OB_EXPR_LE, b, a); }

static ob_status_t infer(ob_infer_t *infer) { return ob_infer_fold(infer, greater_or_equal); }

const ob_op_t ob_op_GreaterOrEqual = {
    .name = "GreaterOrEqual",
    .domain = "",
    .since = 16,
    .flags = OB_OP_ELEMENTWISE,
    OB_INPUTS(2, OB_PARAM("A", 'T', OB_TYPES_NUMERIC), OB_PARAM("B", 'T', OB_TYPES_NUMERIC)),
    OB_OUTPUTS(1, OB_PARAM("C", '1', OB_TYPES_BOOL)),
    .infer = infer,
    .doc = "true where A >= B, with broadcasting",
};
