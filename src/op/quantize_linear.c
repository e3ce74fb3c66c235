/* QuantizeLinear: round(x / y_scale) + y_zero_point, saturated; for all, an axis or blocks. */
#include <outboard/outboard.h>

#include "op/quantize.h"

static ob_status_t infer(ob_infer_t *infer) {
  ob_dtype_t stated = ob_infer_dtype_attribute(infer, "output_dtype", OB_UNDEFINED);
  ob_dtype_t zero_point = ob_infer_dtype(infer, 2), dtype = zero_point != OB_UNDEFINED ? zero_point : stated;
  if (stated != OB_UNDEFINED && zero_point != OB_UNDEFINED && stated != zero_point)
    return ob_infer_fail(infer, "output_dtype is %s, but the zero point is %s", ob_dtype_name(stated), ob_dtype_name(zero_point));
  return ob_infer_quantization(infer, dtype == OB_UNDEFINED ? OB_UINT8 : dtype);
}

const ob_op_t ob_op_QuantizeLinear = {
    .name = "QuantizeLinear",
    .domain = "",
    .since = 28,
    OB_INPUTS(2, OB_PARAM("x", '1', OB_TYPES_SHORT_FLOATS | OB_TYPES_INT32),
              OB_PARAM("y_scale", '2', OB_TYPES_SHORT_FLOATS | OB_TYPES_INT32 | OB_DTYPE_BIT(OB_FLOAT8E8M0)),
              OB_OPTIONAL_PARAM("y_zero_point", '3', OB_TYPES_QUANTIZED)),
    OB_OUTPUTS(1, OB_PARAM("y", '3', OB_TYPES_QUANTIZED)),
    OB_ATTRIBUTES(OB_INT("axis", 1), OB_INT("block_size", 0), OB_INT("output_dtype", 0), OB_INT("precision", 0),
                  OB_INT("saturate", 1)),
    .infer = infer,
    .doc = "round(x / y_scale) + y_zero_point, saturated; for all, an axis or blocks",
};
