/* BitCast: the same bits read as another type of the same width. */
#include <outboard/outboard.h>

#include "op/infer_util.h"

static ob_status_t infer(ob_infer_t *infer) {
  ob_shape_t shape = ob_infer_shape(infer, 0);
  ob_dtype_t to = ob_infer_dtype_attribute(infer, "to", OB_UNDEFINED), from = ob_infer_dtype(infer, 0);
  if (to == OB_UNDEFINED) return ob_infer_fail(infer, "attribute 'to' names no element type");
  if (from != OB_UNDEFINED && ob_dtype_bits(from) != ob_dtype_bits(to))
    return ob_infer_fail(infer, "%s has another width than %s", ob_dtype_name(to), ob_dtype_name(from));
  return ob_infer_set(infer, 0, to, &shape);
}

const ob_op_t ob_op_BitCast = {
    .name = "BitCast",
    .domain = "",
    .since = 26,
    .flags = OB_OP_ELEMENTWISE,
    OB_INPUTS(1, OB_PARAM("input", '1', OB_TYPES_ANY & ~OB_TYPES_STRING)),
    OB_OUTPUTS(1, OB_PARAM("output", '2', OB_TYPES_ANY & ~OB_TYPES_STRING)),
    OB_ATTRIBUTES(OB_MUST("to", INT)),
    .infer = infer,
    .doc = "the same bits read as another type of the same width",
};
