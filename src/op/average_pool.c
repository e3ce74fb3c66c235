/* AveragePool: mean of each window. */
#include "op/window.h"

const ob_op_t ob_op_AveragePool = {
    .name = "AveragePool",
    .domain = "",
    .since = 22,
    OB_INPUTS(1, OB_PARAM("X", 'T', OB_TYPES_FLOATS)),
    OB_OUTPUTS(1, OB_PARAM("Y", 'T', OB_TYPES_FLOATS)),
    OB_ATTRIBUTES(OB_TEXT("auto_pad", "NOTSET"), OB_INT("ceil_mode", 0), OB_INT("count_include_pad", 0),
                  OB_MAYBE("dilations", INTS), OB_MUST("kernel_shape", INTS), OB_MAYBE("pads", INTS), OB_MAYBE("strides", INTS)),
    .infer = ob_infer_pool,
    .doc = "mean of each window",
};
