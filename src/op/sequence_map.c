/* SequenceMap: a subgraph for each element of a sequence. */
#include "op/sequence.h"

static ob_status_t infer(ob_infer_t *infer) {
  const ob_body_t *body = &infer->node->bodies[0];
  if (!ob_body_check(infer, body, infer->node->input_count, infer->node->output_count)) return infer->status;
  if (!ob_infer_element(infer, 0)) return infer->status;
  for (size_t i = 0; i < infer->node->input_count; i++) {
    const ob_type_t *type = &ob_infer_input(infer, i)->type;
    ob_body_set_input_type(infer, body, i, type->kind == OB_SEQUENCE && type->element ? type->element : type);
  }
  ob_body_infer(infer, body);
  OB_TRY(infer->status);
  for (size_t i = 0; i < infer->node->output_count; i++) {
    ob_type_t element = body->graph->outputs.items[i]->type;
    for (int32_t k = 0; k < element.rank && element.kind == OB_TENSOR; k++)
      if (!ob_body_outside(infer, body, element.dims[k])) element.rank = -1;
    OB_TRY(ob_infer_set_sequence(infer, i, &element));
  }
  return infer->status;
}

const ob_op_t ob_op_SequenceMap = {
    .name = "SequenceMap",
    .domain = "",
    .since = 17,
    .flags = OB_OP_CONTROL,
    OB_INPUTS(1, OB_PARAM("input_sequence", 0, 0), OB_PARAM("additional_inputs", 0, 0)),
    OB_OUTPUTS(1, OB_PARAM("out_sequence", 0, 0)),
    .variadic_inputs = true,
    .variadic_outputs = true,
    OB_BODIES("body"),
    .infer = infer,
    .doc = "a subgraph for each element of a sequence",
};
