/* NonMaxSuppression: boxes that overlap no better one. */
#include "op/infer_util.h"

static ob_status_t infer(ob_infer_t *infer) {
  ob_shape_t boxes = ob_infer_shape_of_rank(infer, 0, 3), scores = ob_infer_shape_of_rank(infer, 1, 3);
  ob_dim_require_equal(infer, boxes.dims[0], scores.dims[0], "batches of boxes and scores");
  ob_dim_require_equal(infer, boxes.dims[1], scores.dims[2], "numbers of boxes and scores");
  ob_dim_require_equal(infer, boxes.dims[2], ob_dim(infer, 4), "the size of a box and 4");
  ob_shape_t shape = ob_shape_of(2, (ob_dim_t[]){NULL, ob_dim(infer, 3)});
  return ob_infer_set(infer, 0, OB_UNDEFINED, &shape);
}

const ob_op_t ob_op_NonMaxSuppression = {
    .name = "NonMaxSuppression",
    .domain = "",
    .since = 11,
    .flags = OB_OP_DATA_SHAPE,
    OB_INPUTS(2, OB_PARAM("boxes", 0, OB_TYPES_FLOAT32), OB_PARAM("scores", 0, OB_TYPES_FLOAT32),
              OB_OPTIONAL_PARAM("max_output_boxes_per_class", 0, OB_TYPES_INT64),
              OB_OPTIONAL_PARAM("iou_threshold", 0, OB_TYPES_FLOAT32), OB_OPTIONAL_PARAM("score_threshold", 0, OB_TYPES_FLOAT32)),
    OB_OUTPUTS(1, OB_PARAM("selected_indices", 0, OB_TYPES_INT64)),
    OB_ATTRIBUTES(OB_INT("center_point_box", 0)),
    .infer = infer,
    .doc = "boxes that overlap no better one",
};
