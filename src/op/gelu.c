/* Gelu: x * P(X <= x) of the normal distribution, exact or by tanh. */
#include "op/infer_util.h"

static ob_status_t infer(ob_infer_t *infer) {
  static const char *const words[] = {"none", "tanh", NULL};
  ob_infer_word(infer, "approximate", "none", words);
  return ob_infer_same(infer);
}

const ob_op_t ob_op_Gelu = {
    .name = "Gelu",
    .domain = "",
    .since = 20,
    .flags = OB_OP_ELEMENTWISE,
    OB_INPUTS(1, OB_PARAM("X", 'T', OB_TYPES_FLOATS)),
    OB_OUTPUTS(1, OB_PARAM("Y", 'T', OB_TYPES_FLOATS)),
    OB_ATTRIBUTES(OB_TEXT("approximate", "none")),
    .infer = infer,
    .doc = "x * P(X <= x) of the normal distribution, exact or by tanh",
};
