/* SequenceEmpty: a sequence without elements. */
#include "op/sequence.h"

static ob_status_t infer(ob_infer_t *infer) {
  ob_type_t element = {.kind = OB_TENSOR, .dtype = ob_infer_dtype_attribute(infer, "dtype", OB_FLOAT32), .rank = -1};
  return ob_infer_set_sequence(infer, 0, &element);
}

const ob_op_t ob_op_SequenceEmpty = {
    .name = "SequenceEmpty",
    .domain = "",
    .since = 11,
    OB_OUTPUTS(1, OB_PARAM("output", 0, 0)),
    OB_ATTRIBUTES(OB_MAYBE("dtype", INT)),
    .infer = infer,
    .doc = "a sequence without elements",
};
