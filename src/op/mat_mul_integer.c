/* MatMulInteger: matrix product of 8-bit integers into int32. */
#include "op/matmul.h"

const ob_op_t ob_op_MatMulInteger = {
    .name = "MatMulInteger",
    .domain = "",
    .since = 10,
    .flags = OB_OP_CONTRACTION,
    OB_INPUTS(2, OB_PARAM("A", '1', OB_TYPES_BYTES), OB_PARAM("B", '2', OB_TYPES_BYTES),
              OB_OPTIONAL_PARAM("a_zero_point", '1', OB_TYPES_BYTES), OB_OPTIONAL_PARAM("b_zero_point", '2', OB_TYPES_BYTES)),
    OB_OUTPUTS(1, OB_PARAM("Y", '3', OB_TYPES_INT32)),
    .infer = ob_infer_matmul,
    .doc = "matrix product of 8-bit integers into int32",
};
