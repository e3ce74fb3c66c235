/* Mod: remainder with the sign of the divisor, or with fmod that of the dividend. */
#include "op/infer_util.h"

/* a - b * (a / b), the quotient towards zero */
static ob_dim_t remainder_of_dividend(ob_infer_t *infer, ob_dim_t a, ob_dim_t b) {
  return ob_dim_sub(infer, a, ob_dim_mul(infer, b, ob_dim_divide(infer, a, b)));
}

static ob_dim_t remainder_of_divisor(ob_infer_t *infer, ob_dim_t a, ob_dim_t b) { return ob_dim_make(infer, OB_EXPR_MOD, a, b); }

static ob_status_t infer(ob_infer_t *infer) {
  bool of_dividend = ob_infer_int_within(infer, "fmod", 0, 0, 1) != 0;
  return ob_infer_fold(infer, of_dividend ? remainder_of_dividend : remainder_of_divisor);
}

const ob_op_t ob_op_Mod = {
    .name = "Mod",
    .domain = "",
    .since = 28,
    .flags = OB_OP_ELEMENTWISE,
    OB_INPUTS(2, OB_PARAM("A", 'T', OB_TYPES_NUMERIC), OB_PARAM("B", 'T', OB_TYPES_NUMERIC)),
    OB_OUTPUTS(1, OB_PARAM("C", 'T', OB_TYPES_NUMERIC)),
    OB_ATTRIBUTES(OB_INT("fmod", 0)),
    .infer = infer,
    .doc = "remainder with the sign of the divisor, or with fmod that of the dividend",
};
