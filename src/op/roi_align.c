/* RoiAlign: samples regions of a feature map to one size. */
#include "op/infer_util.h"

static ob_status_t infer(ob_infer_t *infer) {
  static const char *const modes[] = {"avg", "max", NULL}, *const transforms[] = {"half_pixel", "output_half_pixel", NULL};
  ob_shape_t x = ob_infer_shape_of_rank(infer, 0, 4), rois = ob_infer_shape_of_rank(infer, 1, 2),
             batch = ob_infer_shape_of_rank(infer, 2, 1);
  ob_dim_t height = ob_dim(infer, ob_infer_int_within(infer, "output_height", 1, 1, INT64_MAX));
  ob_dim_t width = ob_dim(infer, ob_infer_int_within(infer, "output_width", 1, 1, INT64_MAX));
  ob_infer_word(infer, "mode", "avg", modes);
  ob_infer_word(infer, "coordinate_transformation_mode", "half_pixel", transforms);
  ob_infer_int_within(infer, "sampling_ratio", 0, 0, INT64_MAX);
  ob_dim_require_equal(infer, rois.dims[1], ob_dim(infer, 4), "numbers of a region and 4");
  ob_dim_t count = ob_dim_require_equal(infer, rois.dims[0], batch.dims[0], "regions and batch_indices");
  ob_shape_t shape = ob_shape_of(4, (ob_dim_t[]){count, x.dims[1], height, width});
  return ob_infer_set(infer, 0, OB_UNDEFINED, &shape);
}

const ob_op_t ob_op_RoiAlign = {
    .name = "RoiAlign",
    .domain = "",
    .since = 22,
    OB_INPUTS(3, OB_PARAM("X", '1', OB_TYPES_FLOATS), OB_PARAM("rois", '1', OB_TYPES_FLOATS),
              OB_PARAM("batch_indices", '2', OB_TYPES_INT64)),
    OB_OUTPUTS(1, OB_PARAM("Y", '1', OB_TYPES_FLOATS)),
    OB_ATTRIBUTES(OB_TEXT("coordinate_transformation_mode", "half_pixel"), OB_TEXT("mode", "avg"), OB_INT("output_height", 1),
                  OB_INT("output_width", 1), OB_INT("sampling_ratio", 0), OB_FLOAT("spatial_scale", 1.0f)),
    .infer = infer,
    .doc = "samples regions of a feature map to one size",
};
