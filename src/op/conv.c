/* Conv: convolution, with groups, strides, dilations and padding. */
#include "op/window.h"

static ob_status_t infer(ob_infer_t *infer) { return ob_infer_conv(infer, 1, 2); }

const ob_op_t ob_op_Conv = {
    .name = "Conv",
    .domain = "",
    .since = 22,
    .flags = OB_OP_CONTRACTION,
    OB_INPUTS(2, OB_PARAM("X", 'T', OB_TYPES_FLOATS), OB_PARAM("W", 'T', OB_TYPES_FLOATS),
              OB_OPTIONAL_PARAM("B", 'T', OB_TYPES_FLOATS)),
    OB_OUTPUTS(1, OB_PARAM("Y", 'T', OB_TYPES_FLOATS)),
    OB_ATTRIBUTES(OB_TEXT("auto_pad", "NOTSET"), OB_MAYBE("dilations", INTS), OB_INT("group", 1), OB_MAYBE("kernel_shape", INTS),
                  OB_MAYBE("pads", INTS), OB_MAYBE("strides", INTS)),
    .infer = infer,
    .doc = "convolution, with groups, strides, dilations and padding",
};
