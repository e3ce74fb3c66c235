/* OptionalHasElement: true where an optional holds something. */
#include "op/infer_util.h"

static ob_status_t infer(ob_infer_t *infer) {
  ob_shape_t scalar = ob_shape_of_rank(0);
  return ob_infer_set(infer, 0, OB_UNDEFINED, &scalar);
}

const ob_op_t ob_op_OptionalHasElement = {
    .name = "OptionalHasElement",
    .domain = "",
    .since = 28,
    OB_INPUTS(0, OB_OPTIONAL_PARAM("input", 0, 0)),
    OB_OUTPUTS(1, OB_PARAM("output", 'B', OB_TYPES_BOOL)),
    .infer = infer,
    .doc = "true where an optional holds something",
};
