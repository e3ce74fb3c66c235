/* Equal: true where two elements are equal, with broadcasting. */
#include "op/infer_util.h"

static ob_dim_t equal(ob_infer_t *infer, ob_dim_t a, ob_dim_t b) { return ob_dim_make(infer, OB_EXPR_EQ, a, b); }

static ob_status_t infer(ob_infer_t *infer) { return ob_infer_fold(infer, equal); }

const ob_op_t ob_op_Equal = {
    .name = "Equal",
    .domain = "",
    .since = 19,
    .flags = OB_OP_ELEMENTWISE,
    OB_INPUTS(2, OB_PARAM("A", 'T', OB_TYPES_NUMERIC | OB_TYPES_BOOL | OB_TYPES_STRING),
              OB_PARAM("B", 'T', OB_TYPES_NUMERIC | OB_TYPES_BOOL | OB_TYPES_STRING)),
    OB_OUTPUTS(1, OB_PARAM("C", '1', OB_TYPES_BOOL)),
    .infer = infer,
    .doc = "true where two elements are equal, with broadcasting",
};
