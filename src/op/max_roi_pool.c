/* MaxRoiPool: largest elements of regions of a feature map. */
#include "op/infer_util.h"

static ob_status_t infer(ob_infer_t *infer) {
  ob_shape_t x = ob_infer_shape_of_rank(infer, 0, 4), rois = ob_infer_shape_of_rank(infer, 1, 2);
  ob_dim_t pooled[2];
  ob_infer_ints_of(infer, "pooled_shape", 2, NULL, pooled);
  ob_dim_require_equal(infer, rois.dims[1], ob_dim(infer, 5), "numbers of a region and 5");
  ob_shape_t shape = ob_shape_of(4, (ob_dim_t[]){rois.dims[0], x.dims[1], pooled[0], pooled[1]});
  return ob_infer_set(infer, 0, OB_UNDEFINED, &shape);
}

const ob_op_t ob_op_MaxRoiPool = {
    .name = "MaxRoiPool",
    .domain = "",
    .since = 22,
    OB_INPUTS(2, OB_PARAM("X", 'T', OB_TYPES_FLOATS), OB_PARAM("rois", 'T', OB_TYPES_FLOATS)),
    OB_OUTPUTS(1, OB_PARAM("Y", 'T', OB_TYPES_FLOATS)),
    OB_ATTRIBUTES(OB_MUST("pooled_shape", INTS), OB_FLOAT("spatial_scale", 1.0f)),
    .infer = infer,
    .doc = "largest elements of regions of a feature map",
};
