/* LpPool: p-norm of each window. */
#include "op/window.h"

const ob_op_t ob_op_LpPool = {
    .name = "LpPool",
    .domain = "",
    .since = 22,
    OB_INPUTS(1, OB_PARAM("X", 'T', OB_TYPES_FLOATS)),
    OB_OUTPUTS(1, OB_PARAM("Y", 'T', OB_TYPES_FLOATS)),
    OB_ATTRIBUTES(OB_TEXT("auto_pad", "NOTSET"), OB_INT("ceil_mode", 0), OB_MAYBE("dilations", INTS), OB_MUST("kernel_shape", INTS),
                  OB_INT("p", 2), OB_MAYBE("pads", INTS), OB_MAYBE("strides", INTS)),
    .infer = ob_infer_pool,
    .doc = "p-norm of each window",
};
