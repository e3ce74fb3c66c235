/* SequenceLength: how many elements a sequence has. */
#include "op/sequence.h"

static ob_status_t infer(ob_infer_t *infer) {
  ob_shape_t scalar = ob_shape_of_rank(0);
  ob_infer_element(infer, 0);
  return ob_infer_set(infer, 0, OB_UNDEFINED, &scalar);
}

const ob_op_t ob_op_SequenceLength = {
    .name = "SequenceLength",
    .domain = "",
    .since = 11,
    OB_INPUTS(1, OB_PARAM("input_sequence", 0, 0)),
    OB_OUTPUTS(1, OB_PARAM("length", 'I', OB_TYPES_INT64)),
    .infer = infer,
    .doc = "how many elements a sequence has",
};
