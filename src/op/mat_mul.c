/* MatMul: matrix product as numpy.matmul has it. */
#include "op/matmul.h"

const ob_op_t ob_op_MatMul = {
    .name = "MatMul",
    .domain = "",
    .since = 13,
    .flags = OB_OP_CONTRACTION,
    OB_INPUTS(2, OB_PARAM("A", 'T', OB_TYPES_WIDE), OB_PARAM("B", 'T', OB_TYPES_WIDE)),
    OB_OUTPUTS(1, OB_PARAM("Y", 'T', OB_TYPES_WIDE)),
    .infer = ob_infer_matmul,
    .doc = "matrix product as numpy.matmul has it",
};
