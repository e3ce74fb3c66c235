/* BitShift: shifts the bits of X by Y places to the left or right. */
#include "op/infer_util.h"

static ob_status_t infer(ob_infer_t *infer) {
  static const char *const words[] = {"LEFT", "RIGHT", NULL};
  ob_infer_word(infer, "direction", "", words);
  return ob_infer_broadcast(infer);
}

const ob_op_t ob_op_BitShift = {
    .name = "BitShift",
    .domain = "",
    .since = 28,
    .flags = OB_OP_ELEMENTWISE,
    OB_INPUTS(2, OB_PARAM("X", 'T', OB_TYPES_INTEGERS), OB_PARAM("Y", 'T', OB_TYPES_INTEGERS)),
    OB_OUTPUTS(1, OB_PARAM("Z", 'T', OB_TYPES_INTEGERS)),
    OB_ATTRIBUTES(OB_MUST("direction", STRING)),
    .infer = infer,
    .doc = "shifts the bits of X by Y places to the left or right",
};
