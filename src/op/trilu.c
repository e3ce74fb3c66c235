/* Trilu: the upper or lower triangle of matrices, zero elsewhere. */
#include "op/infer_util.h"

static ob_status_t infer(ob_infer_t *infer) {
  ob_infer_shape_at_least(infer, 0, 2);
  ob_infer_shape_of_rank(infer, 1, 0);
  return ob_infer_same(infer);
}

const ob_op_t ob_op_Trilu = {
    .name = "Trilu",
    .domain = "",
    .since = 14,
    OB_INPUTS(1, OB_PARAM("input", 'T', OB_TYPES_COMMON), OB_OPTIONAL_PARAM("k", 0, OB_TYPES_INT64)),
    OB_OUTPUTS(1, OB_PARAM("output", 'T', OB_TYPES_COMMON)),
    OB_ATTRIBUTES(OB_INT("upper", 1)),
    .infer = infer,
    .doc = "the upper or lower triangle of matrices, zero elsewhere",
};
