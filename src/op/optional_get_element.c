/* OptionalGetElement: what an optional holds. */
#include "op/infer_util.h"

static ob_status_t infer(ob_infer_t *infer) {
  const ob_type_t *type = &ob_infer_input(infer, 0)->type;
  return ob_infer_set_type(infer, 0, type->kind == OB_OPTIONAL && type->element ? type->element : type);
}

const ob_op_t ob_op_OptionalGetElement = {
    .name = "OptionalGetElement",
    .domain = "",
    .since = 28,
    OB_INPUTS(1, OB_PARAM("input", 0, 0)),
    OB_OUTPUTS(1, OB_PARAM("output", 0, 0)),
    .infer = infer,
    .doc = "what an optional holds",
};
