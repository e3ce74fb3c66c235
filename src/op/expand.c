/* Expand: broadcasts a tensor to a shape. */
#include "op/infer_util.h"

static ob_status_t infer(ob_infer_t *infer) {
  ob_shape_t data = ob_infer_shape(infer, 0), target;
  ob_content_t content;
  if (!ob_infer_shape_input(infer, 1, &target)) {
    ob_shape_t shape = target.rank > data.rank && data.rank >= 0 ? ob_shape_of_rank(target.rank) : ob_shape_unknown();
    if (target.rank >= 0 && data.rank >= target.rank) shape = ob_shape_of_rank(data.rank);
    return ob_infer_set(infer, 0, OB_UNDEFINED, &shape);
  }
  ob_shape_t shape = ob_shape_broadcast(infer, &data, &target);
  OB_TRY(ob_infer_set(infer, 0, OB_UNDEFINED, &shape));
  int64_t count;
  if (shape.rank != 1 || !ob_dim_is_const(shape.dims[0], &count) || !ob_infer_content(infer, 0, &content)) return OB_OK;
  ob_dim_t *items = count <= OB_MAX_CONTENT ? ob_infer_room(infer, (size_t)count) : NULL;
  for (int64_t i = 0; items && i < count; i++) items[i] = content.items[content.count == 1 ? 0 : i];
  ob_infer_set_content(infer, 0, items, (size_t)count);
  return infer->status;
}

const ob_op_t ob_op_Expand = {
    .name = "Expand",
    .domain = "",
    .since = 13,
    OB_INPUTS(2, OB_PARAM("input", 'T', OB_TYPES_COMMON), OB_PARAM("shape", 0, OB_TYPES_INT64)),
    OB_OUTPUTS(1, OB_PARAM("output", 'T', OB_TYPES_COMMON)),
    .infer = infer,
    .doc = "broadcasts a tensor to a shape",
};
