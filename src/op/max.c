/* Max: largest of any number of tensors, element by element, with broadcasting. */
#include "op/infer_util.h"

static ob_status_t infer(ob_infer_t *infer) { return ob_infer_fold(infer, ob_dim_max); }

const ob_op_t ob_op_Max = {
    .name = "Max",
    .domain = "",
    .since = 13,
    .flags = OB_OP_ELEMENTWISE,
    OB_INPUTS(1, OB_PARAM("data_0", 'T', OB_TYPES_NUMERIC)),
    OB_OUTPUTS(1, OB_PARAM("max", 'T', OB_TYPES_NUMERIC)),
    .variadic_inputs = true,
    .infer = infer,
    .doc = "largest of any number of tensors, element by element, with broadcasting",
};
