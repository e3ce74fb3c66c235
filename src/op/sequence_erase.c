/* SequenceErase: a sequence with one element less. */
#include "op/sequence.h"

static ob_status_t infer(ob_infer_t *infer) { return ob_infer_element(infer, 0) ? ob_infer_set_like(infer, 0, 0) : infer->status; }

const ob_op_t ob_op_SequenceErase = {
    .name = "SequenceErase",
    .domain = "",
    .since = 11,
    OB_INPUTS(1, OB_PARAM("input_sequence", 0, 0), OB_OPTIONAL_PARAM("position", 'I', OB_TYPES_INDEX)),
    OB_OUTPUTS(1, OB_PARAM("output_sequence", 0, 0)),
    .infer = infer,
    .doc = "a sequence with one element less",
};
