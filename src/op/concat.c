/* Concat: tensors one after the other along an axis. */
#include "op/infer_util.h"

static void concat_content(ob_infer_t *infer) {
  ob_content_t part;
  size_t total = 0;
  for (size_t i = 0; i < infer->node->input_count; i++) {
    if (!ob_infer_content(infer, i, &part) || part.scalar || part.count > OB_MAX_CONTENT) return;
    total += part.count;
    if (total > OB_MAX_CONTENT) return;
  }
  ob_dim_t *items = ob_infer_room(infer, total);
  size_t at = 0;
  for (size_t i = 0; items && i < infer->node->input_count; i++)
    if (ob_infer_content(infer, i, &part))
      for (size_t k = 0; k < part.count; k++) items[at++] = part.items[k];
  ob_infer_set_content(infer, 0, items, total);
}

/* Sizes of another input: equal but along the axis. */
static void add_input(ob_infer_t *infer, ob_shape_t *shape, const ob_shape_t *next, int32_t axis) {
  if (next->rank != shape->rank)
    ob_infer_fail(infer, "the inputs have ranks %d and %d, expected equal ones", shape->rank, next->rank);
  for (int32_t i = 0; i < shape->rank && infer->status == OB_OK; i++) {
    if (i == axis)
      shape->dims[i] = ob_dim_add(infer, shape->dims[i], next->dims[i]);
    else
      shape->dims[i] = ob_dim_require_equal(infer, shape->dims[i], next->dims[i], "sizes of the inputs off the axis");
  }
}

static ob_status_t infer(ob_infer_t *infer) {
  ob_shape_t shape = ob_shape_unknown();
  int32_t axis = -1;
  bool known = true;
  for (size_t i = 0; i < infer->node->input_count && infer->status == OB_OK; i++) {
    ob_shape_t next = ob_infer_shape_at_least(infer, i, 1);
    if (next.rank < 0) {
      known = false;
    } else if (shape.rank < 0) {
      shape = next;
      axis = ob_infer_axis(infer, "axis", 0, shape.rank);
    } else {
      add_input(infer, &shape, &next, axis);
    }
  }
  if (!known && axis >= 0) shape.dims[axis] = NULL;
  OB_TRY(ob_infer_set(infer, 0, OB_UNDEFINED, &shape));
  concat_content(infer);
  return infer->status;
}

const ob_op_t ob_op_Concat = {
    .name = "Concat",
    .domain = "",
    .since = 13,
    OB_INPUTS(1, OB_PARAM("inputs", 'T', OB_TYPES_COMMON)),
    OB_OUTPUTS(1, OB_PARAM("concat_result", 'T', OB_TYPES_COMMON)),
    .variadic_inputs = true,
    OB_ATTRIBUTES(OB_MUST("axis", INT)),
    .infer = infer,
    .doc = "tensors one after the other along an axis",
};
