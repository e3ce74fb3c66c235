/* SequenceInsert: a sequence with one more element. */
#include <outboard/outboard.h>

#include "op/sequence.h"

static ob_status_t infer(ob_infer_t *infer) {
  const ob_type_t *before = ob_infer_element(infer, 0);
  if (!before) return infer->status;
  ob_type_t element = *before;
  if (element.dtype != OB_UNDEFINED && ob_infer_dtype(infer, 1) != element.dtype)
    return ob_infer_fail(infer, "the tensor is %s, but the sequence's elements are %s", ob_dtype_name(ob_infer_dtype(infer, 1)),
                         ob_dtype_name(element.dtype));
  ob_type_join(&element, &ob_infer_input(infer, 1)->type);
  return ob_infer_set_sequence(infer, 0, &element);
}

const ob_op_t ob_op_SequenceInsert = {
    .name = "SequenceInsert",
    .domain = "",
    .since = 11,
    OB_INPUTS(2, OB_PARAM("input_sequence", 0, 0), OB_PARAM("tensor", 'T', OB_TYPES_COMMON & ~OB_DTYPE_BIT(OB_BFLOAT16)),
              OB_OPTIONAL_PARAM("position", 'I', OB_TYPES_INDEX)),
    OB_OUTPUTS(1, OB_PARAM("output_sequence", 0, 0)),
    .infer = infer,
    .doc = "a sequence with one more element",
};
