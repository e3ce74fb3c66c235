/* RandomNormal: normally distributed numbers. */
#include "op/random.h"

const ob_op_t ob_op_RandomNormal = {
    .name = "RandomNormal",
    .domain = "",
    .since = 22,
    .flags = OB_OP_RANDOM,
    OB_OUTPUTS(1, OB_PARAM("output", 'T', OB_TYPES_FLOATS)),
    OB_ATTRIBUTES(OB_INT("dtype", 1), OB_FLOAT("mean", 0.0f), OB_FLOAT("scale", 1.0f), OB_MAYBE("seed", FLOAT),
                  OB_MUST("shape", INTS)),
    .infer = ob_infer_random,
    .doc = "normally distributed numbers",
};
