/* Einsum: sums of products as Einstein wrote them. */
#include "op/equation.h"

static ob_status_t infer(ob_infer_t *infer) {
  ob_shape_t shape = ob_einsum_shape(infer, ob_node_string(infer->node, "equation", ""));
  return ob_infer_set(infer, 0, OB_UNDEFINED, &shape);
}

const ob_op_t ob_op_Einsum = {
    .name = "Einsum",
    .domain = "",
    .since = 28,
    .flags = OB_OP_CONTRACTION,
    OB_INPUTS(1, OB_PARAM("Inputs", 'T', OB_TYPES_NUMERIC)),
    OB_OUTPUTS(1, OB_PARAM("Output", 'T', OB_TYPES_NUMERIC)),
    .variadic_inputs = true,
    OB_ATTRIBUTES(OB_MUST("equation", STRING)),
    .infer = infer,
    .doc = "sums of products as Einstein wrote them",
};
