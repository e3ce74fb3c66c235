/* Less: true where A < B, with broadcasting. */
#include "op/infer_util.h"

static ob_dim_t less(ob_infer_t *infer, ob_dim_t a, ob_dim_t b) { return ob_dim_make(infer, OB_EXPR_LT, a, b); }

static ob_status_t infer(ob_infer_t *infer) { return ob_infer_fold(infer, less); }

const ob_op_t ob_op_Less = {
    .name = "Less",
    .domain = "",
    .since = 13,
    .flags = OB_OP_ELEMENTWISE,
    OB_INPUTS(2, OB_PARAM("A", 'T', OB_TYPES_NUMERIC), OB_PARAM("B", 'T', OB_TYPES_NUMERIC)),
    OB_OUTPUTS(1, OB_PARAM("C", '1', OB_TYPES_BOOL)),
    .infer = infer,
    .doc = "true where A < B, with broadcasting",
};
