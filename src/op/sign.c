/* Sign: -1, 0 or 1 as each element's sign is. */
#include "op/infer_util.h"

static ob_dim_t sign(ob_infer_t *infer, ob_dim_t a) {
  ob_dim_t zero = ob_dim(infer, 0);
  return ob_dim_sub(infer, ob_dim_make(infer, OB_EXPR_LT, zero, a), ob_dim_make(infer, OB_EXPR_LT, a, zero));
}

static ob_status_t infer(ob_infer_t *infer) { return ob_infer_fold_unary(infer, sign); }

const ob_op_t ob_op_Sign = {
    .name = "Sign",
    .domain = "",
    .since = 13,
    .flags = OB_OP_ELEMENTWISE,
    OB_INPUTS(1, OB_PARAM("input", 'T', OB_TYPES_NUMERIC)),
    OB_OUTPUTS(1, OB_PARAM("output", 'T', OB_TYPES_NUMERIC)),
    .infer = infer,
    .doc = "-1, 0 or 1 as each element's sign is",
};
