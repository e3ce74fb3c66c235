/* QLinearMatMul: matrix product of quantized tensors. */
#include "op/matmul.h"

static ob_status_t infer(ob_infer_t *infer) {
  ob_shape_t a = ob_infer_shape(infer, 0), b = ob_infer_shape(infer, 3);
  ob_shape_t shape = ob_matmul_shape(infer, &a, &b);
  return ob_infer_set(infer, 0, OB_UNDEFINED, &shape);
}

const ob_op_t ob_op_QLinearMatMul = {
    .name = "QLinearMatMul",
    .domain = "",
    .since = 21,
    .flags = OB_OP_CONTRACTION,
    OB_INPUTS(8, OB_PARAM("a", '1', OB_TYPES_BYTES | (OB_TYPES_FLOAT8S & ~OB_DTYPE_BIT(OB_FLOAT8E8M0))),
              OB_PARAM("a_scale", 'S', OB_TYPES_SHORT_FLOATS),
              OB_PARAM("a_zero_point", '1', OB_TYPES_BYTES | (OB_TYPES_FLOAT8S & ~OB_DTYPE_BIT(OB_FLOAT8E8M0))),
              OB_PARAM("b", '2', OB_TYPES_BYTES | (OB_TYPES_FLOAT8S & ~OB_DTYPE_BIT(OB_FLOAT8E8M0))),
              OB_PARAM("b_scale", 'S', OB_TYPES_SHORT_FLOATS),
              OB_PARAM("b_zero_point", '2', OB_TYPES_BYTES | (OB_TYPES_FLOAT8S & ~OB_DTYPE_BIT(OB_FLOAT8E8M0))),
              OB_PARAM("y_scale", 'S', OB_TYPES_SHORT_FLOATS),
              OB_PARAM("y_zero_point", '3', OB_TYPES_BYTES | (OB_TYPES_FLOAT8S & ~OB_DTYPE_BIT(OB_FLOAT8E8M0)))),
    OB_OUTPUTS(1, OB_PARAM("y", '3', OB_TYPES_BYTES | (OB_TYPES_FLOAT8S & ~OB_DTYPE_BIT(OB_FLOAT8E8M0)))),
    .infer = infer,
    .doc = "matrix product of quantized tensors",
};
