/* Size: number of elements of a tensor. */
#include "op/infer_util.h"

static ob_status_t infer(ob_infer_t *infer) {
  ob_shape_t data = ob_infer_shape(infer, 0), scalar = ob_shape_of_rank(0);
  OB_TRY(ob_infer_set(infer, 0, OB_UNDEFINED, &scalar));
  ob_infer_attempt_t attempt = ob_infer_try(infer);
  ob_dim_t *items = ob_infer_room(infer, 1);
  if (items) items[0] = ob_shape_count(infer, &data, 0, data.rank);
  ob_infer_set_content(infer, 0, items, 1);
  ob_infer_tried(infer, attempt);
  return infer->status;
}

const ob_op_t ob_op_Size = {
    .name = "Size",
    .domain = "",
    .since = 25,
    OB_INPUTS(1, OB_PARAM("data", 'T', OB_TYPES_ANY)),
    OB_OUTPUTS(1, OB_PARAM("size", '1', OB_TYPES_INT64)),
    .infer = infer,
    .doc = "number of elements of a tensor",
};
