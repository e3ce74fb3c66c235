/* Tile: a tensor repeated along its axes. */
#include "op/infer_util.h"

static ob_status_t infer(ob_infer_t *infer) {
  ob_shape_t data = ob_infer_shape(infer, 0), repeats, shape;
  ob_content_t content;
  int64_t count;
  bool known = ob_infer_shape_input(infer, 1, &repeats);
  shape = data.rank < 0 ? ob_shape_of_rank(repeats.rank) : ob_shape_of_rank(data.rank);
  if (data.rank >= 0 && repeats.rank >= 0 && data.rank != repeats.rank)
    return ob_infer_fail(infer, "'repeats' has %d elements, expected %d, one for each axis", repeats.rank, data.rank);
  for (int32_t i = 0; known && i < data.rank; i++) shape.dims[i] = ob_dim_mul(infer, data.dims[i], repeats.dims[i]);
  OB_TRY(ob_infer_set(infer, 0, OB_UNDEFINED, &shape));
  if (!known || shape.rank > 1 || !ob_infer_content(infer, 0, &content)) return OB_OK;
  if (shape.rank == 0)
    count = 1;
  else if (!ob_dim_is_const(shape.dims[0], &count) || count > OB_MAX_CONTENT)
    return OB_OK;
  ob_dim_t *items = ob_infer_room(infer, (size_t)count);
  for (int64_t i = 0; items && i < count; i++) items[i] = content.items[(size_t)i % content.count];
  ob_infer_set_content(infer, 0, items, (size_t)count);
  return infer->status;
}

const ob_op_t ob_op_Tile = {
    .name = "Tile",
    .domain = "",
    .since = 13,
    OB_INPUTS(2, OB_PARAM("input", 'T', OB_TYPES_COMMON), OB_PARAM("repeats", '1', OB_TYPES_INT64)),
    OB_OUTPUTS(1, OB_PARAM("output", 'T', OB_TYPES_COMMON)),
    .infer = infer,
    .doc = "a tensor repeated along its axes",
};
