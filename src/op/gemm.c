/* Gemm: alpha * A' * B' + beta * C. */
#include "op/infer_util.h"

static ob_status_t infer(ob_infer_t *infer) {
  ob_shape_t a = ob_infer_shape_of_rank(infer, 0, 2), b = ob_infer_shape_of_rank(infer, 1, 2), c = ob_infer_shape(infer, 2);
  int across_a = ob_infer_int(infer, "transA", 0) != 0, across_b = ob_infer_int(infer, "transB", 0) != 0;
  ob_shape_t y = ob_shape_of_rank(2);
  y.dims[0] = a.dims[across_a];
  y.dims[1] = b.dims[1 - across_b];
  ob_dim_require_equal(infer, a.dims[1 - across_a], b.dims[across_b], "the inner sizes of A and B");
  ob_infer_check_broadcast_to(infer, &c, &y, "C");
  return ob_infer_set(infer, 0, OB_UNDEFINED, &y);
}

const ob_op_t ob_op_Gemm = {
    .name = "Gemm",
    .domain = "",
    .since = 13,
    .flags = OB_OP_CONTRACTION,
    OB_INPUTS(2, OB_PARAM("A", 'T', OB_TYPES_WIDE), OB_PARAM("B", 'T', OB_TYPES_WIDE), OB_OPTIONAL_PARAM("C", 'T', OB_TYPES_WIDE)),
    OB_OUTPUTS(1, OB_PARAM("Y", 'T', OB_TYPES_WIDE)),
    OB_ATTRIBUTES(OB_FLOAT("alpha", 1.0f), OB_FLOAT("beta", 1.0f), OB_INT("transA", 0), OB_INT("transB", 0)),
    .infer = infer,
    .doc = "alpha * A' * B' + beta * C",
};
