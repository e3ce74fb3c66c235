/* SequenceAt: one element of a sequence. */
#include "op/sequence.h"

static ob_status_t infer(ob_infer_t *infer) {
  const ob_type_t *element = ob_infer_element(infer, 0);
  return element ? ob_infer_set_type(infer, 0, element) : infer->status;
}

const ob_op_t ob_op_SequenceAt = {
    .name = "SequenceAt",
    .domain = "",
    .since = 11,
    OB_INPUTS(2, OB_PARAM("input_sequence", 0, 0), OB_PARAM("position", 'I', OB_TYPES_INDEX)),
    OB_OUTPUTS(1, OB_PARAM("tensor", 'T', OB_TYPES_COMMON & ~OB_DTYPE_BIT(OB_BFLOAT16))),
    .infer = infer,
    .doc = "one element of a sequence",
};
