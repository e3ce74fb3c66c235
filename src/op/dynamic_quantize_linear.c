/* DynamicQuantizeLinear: quantizes to uint8 with scale and zero point from the data. */
#include "op/infer_util.h"

static ob_status_t infer(ob_infer_t *infer) {
  ob_shape_t x = ob_infer_shape(infer, 0), scalar = ob_shape_of_rank(0);
  OB_TRY(ob_infer_set(infer, 0, OB_UNDEFINED, &x));
  OB_TRY(ob_infer_set(infer, 1, OB_UNDEFINED, &scalar));
  return ob_infer_set(infer, 2, OB_UNDEFINED, &scalar);
}

const ob_op_t ob_op_DynamicQuantizeLinear = {
    .name = "DynamicQuantizeLinear",
    .domain = "",
    .since = 11,
    OB_INPUTS(1, OB_PARAM("x", '1', OB_TYPES_FLOAT32)),
    OB_OUTPUTS(3, OB_PARAM("y", '2', OB_DTYPE_BIT(OB_UINT8)), OB_PARAM("y_scale", 0, OB_TYPES_FLOAT32),
               OB_PARAM("y_zero_point", '2', OB_DTYPE_BIT(OB_UINT8))),
    .infer = infer,
    .doc = "quantizes to uint8 with scale and zero point from the data",
};
