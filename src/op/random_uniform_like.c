/* RandomUniformLike: evenly distributed numbers of the input's shape. */
#include "op/random.h"

const ob_op_t ob_op_RandomUniformLike = {
    .name = "RandomUniformLike",
    .domain = "",
    .since = 22,
    .flags = OB_OP_RANDOM,
    OB_INPUTS(1, OB_PARAM("input", '1', OB_TYPES_COMMON)),
    OB_OUTPUTS(1, OB_PARAM("output", '2', OB_TYPES_FLOATS)),
    OB_ATTRIBUTES(OB_MAYBE("dtype", INT), OB_FLOAT("high", 1.0f), OB_FLOAT("low", 0.0f), OB_MAYBE("seed", FLOAT)),
    .infer = ob_infer_random_like,
    .doc = "evenly distributed numbers of the input's shape",
};
