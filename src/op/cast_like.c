/* CastLike: elements of another tensor's type. */
#include "op/infer_util.h"

static ob_status_t infer(ob_infer_t *infer) {
  ob_shape_t shape = ob_infer_shape(infer, 0);
  return ob_infer_set(infer, 0, ob_infer_dtype(infer, 1), &shape);
}

const ob_op_t ob_op_CastLike = {
    .name = "CastLike",
    .domain = "",
    .since = 25,
    .flags = OB_OP_ELEMENTWISE,
    OB_INPUTS(2, OB_PARAM("input", '1', OB_TYPES_ANY & ~OB_TYPES_COMPLEX),
              OB_PARAM("target_type", '2', OB_TYPES_ANY & ~OB_TYPES_COMPLEX)),
    OB_OUTPUTS(1, OB_PARAM("output", '2', OB_TYPES_ANY & ~OB_TYPES_COMPLEX)),
    OB_ATTRIBUTES(OB_TEXT("round_mode", "up"), OB_INT("saturate", 1)),
    .infer = infer,
    .doc = "elements of another tensor's type",
};
