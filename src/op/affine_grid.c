/* AffineGrid: where each output pixel lies under an affine map. */
#include "op/infer_util.h"

static ob_status_t infer(ob_infer_t *infer) {
  ob_shape_t theta = ob_infer_shape_of_rank(infer, 0, 3), size, shape = ob_shape_unknown();
  ob_infer_shape_input(infer, 1, &size);
  if (size.rank >= 0 && size.rank != 4 && size.rank != 5)
    return ob_infer_fail(infer, "'size' has %d elements, expected 4 or 5", size.rank);
  if (size.rank >= 0) {
    shape = size;
    for (int32_t i = 1; i < size.rank - 1; i++) shape.dims[i] = size.dims[i + 1];
    shape.dims[size.rank - 1] = ob_dim(infer, size.rank - 2);
    shape.dims[0] = ob_dim_require_equal(infer, size.dims[0], theta.dims[0], "the batch of theta and size");
    ob_dim_require_equal(infer, theta.dims[1], ob_dim(infer, size.rank - 2), "rows of theta and the number of spatial axes");
    ob_dim_require_equal(infer, theta.dims[2], ob_dim(infer, size.rank - 1),
                         "columns of theta and the number of spatial axes and 1");
  }
  return ob_infer_set(infer, 0, OB_UNDEFINED, &shape);
}

const ob_op_t ob_op_AffineGrid = {
    .name = "AffineGrid",
    .domain = "",
    .since = 20,
    OB_INPUTS(2, OB_PARAM("theta", '1', OB_TYPES_FLOATS), OB_PARAM("size", '2', OB_TYPES_INT64)),
    OB_OUTPUTS(1, OB_PARAM("grid", '1', OB_TYPES_FLOATS)),
    OB_ATTRIBUTES(OB_INT("align_corners", 0)),
    .infer = infer,
    .doc = "where each output pixel lies under an affine map",
};
