/* SequenceConstruct: a sequence of tensors. */
#include "op/sequence.h"

static ob_status_t infer(ob_infer_t *infer) {
  ob_type_t element = ob_infer_input(infer, 0)->type;
  for (size_t i = 1; i < infer->node->input_count; i++) ob_type_join(&element, &ob_infer_input(infer, i)->type);
  return ob_infer_set_sequence(infer, 0, &element);
}

const ob_op_t ob_op_SequenceConstruct = {
    .name = "SequenceConstruct",
    .domain = "",
    .since = 11,
    OB_INPUTS(1, OB_PARAM("inputs", 'T', OB_TYPES_COMMON & ~OB_DTYPE_BIT(OB_BFLOAT16))),
    OB_OUTPUTS(1, OB_PARAM("output_sequence", 0, 0)),
    .variadic_inputs = true,
    .infer = infer,
    .doc = "a sequence of tensors",
};
