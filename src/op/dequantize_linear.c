/* DequantizeLinear: (x - x_zero_point) * x_scale; for all, an axis or blocks. */
#include "op/quantize.h"

static ob_status_t infer(ob_infer_t *infer) {
  ob_dtype_t stated = ob_infer_dtype_attribute(infer, "output_dtype", OB_UNDEFINED), scale = ob_infer_dtype(infer, 1);
  return ob_infer_quantization(infer, stated != OB_UNDEFINED ? stated : scale == OB_FLOAT8E8M0 ? OB_FLOAT32 : scale);
}

const ob_op_t ob_op_DequantizeLinear = {
    .name = "DequantizeLinear",
    .domain = "",
    .since = 28,
    OB_INPUTS(2, OB_PARAM("x", '1', OB_TYPES_QUANTIZED | OB_TYPES_INT32),
              OB_PARAM("x_scale", '2', OB_TYPES_SHORT_FLOATS | OB_DTYPE_BIT(OB_FLOAT8E8M0)),
              OB_OPTIONAL_PARAM("x_zero_point", '1', OB_TYPES_QUANTIZED | OB_TYPES_INT32)),
    OB_OUTPUTS(1, OB_PARAM("y", '3', OB_TYPES_SHORT_FLOATS)),
    OB_ATTRIBUTES(OB_INT("axis", 1), OB_INT("block_size", 0), OB_INT("output_dtype", 0)),
    .infer = infer,
    .doc = "(x - x_zero_point) * x_scale; for all, an axis or blocks",
};
