/* Identity: the input, unchanged. */
#include "op/infer_util.h"

static ob_status_t infer(ob_infer_t *infer) {
  OB_TRY(ob_infer_set_like(infer, 0, 0));
  ob_infer_pass_content(infer);
  return infer->status;
}

const ob_op_t ob_op_Identity = {
    .name = "Identity",
    .domain = "",
    .since = 25,
    .flags = OB_OP_VIEW,
    OB_INPUTS(1, OB_PARAM("input", 0, 0)),
    OB_OUTPUTS(1, OB_PARAM("output", 0, 0)),
    .infer = infer,
    .doc = "the input, unchanged",
};
