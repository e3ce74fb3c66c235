/* Bernoulli: ones and zeros with given probabilities. */
#include "op/random.h"

const ob_op_t ob_op_Bernoulli = {
    .name = "Bernoulli",
    .domain = "",
    .since = 22,
    .flags = OB_OP_RANDOM,
    OB_INPUTS(1, OB_PARAM("input", '1', OB_TYPES_FLOATS)),
    OB_OUTPUTS(1, OB_PARAM("output", '2', OB_TYPES_NUMERIC | OB_TYPES_BOOL)),
    OB_ATTRIBUTES(OB_MAYBE("dtype", INT), OB_MAYBE("seed", FLOAT)),
    .infer = ob_infer_random_like,
    .doc = "ones and zeros with given probabilities",
};
