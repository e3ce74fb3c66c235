/* QLinearConv: convolution of quantized tensors. */
#include "op/window.h"

static ob_status_t infer(ob_infer_t *infer) { return ob_infer_conv(infer, 3, 8); }

const ob_op_t ob_op_QLinearConv = {
    .name = "QLinearConv",
    .domain = "",
    .since = 10,
    .flags = OB_OP_CONTRACTION,
    OB_INPUTS(8, OB_PARAM("x", '1', OB_TYPES_BYTES), OB_PARAM("x_scale", 0, OB_TYPES_FLOAT32),
              OB_PARAM("x_zero_point", '1', OB_TYPES_BYTES), OB_PARAM("w", '2', OB_TYPES_BYTES),
              OB_PARAM("w_scale", 0, OB_TYPES_FLOAT32), OB_PARAM("w_zero_point", '2', OB_TYPES_BYTES),
              OB_PARAM("y_scale", 0, OB_TYPES_FLOAT32), OB_PARAM("y_zero_point", '3', OB_TYPES_BYTES),
              OB_OPTIONAL_PARAM("B", '4', OB_TYPES_INT32)),
    OB_OUTPUTS(1, OB_PARAM("y", '3', OB_TYPES_BYTES)),
    OB_ATTRIBUTES(OB_TEXT("auto_pad", "NOTSET"), OB_MAYBE("dilations", INTS), OB_INT("group", 1), OB_MAYBE("kernel_shape", INTS),
                  OB_MAYBE("pads", INTS), OB_MAYBE("strides", INTS)),
    .infer = infer,
    .doc = "convolution of quantized tensors",
};
