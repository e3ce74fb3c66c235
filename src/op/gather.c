/* Gather: elements, rows, ... of data at indices along an axis. */
#include "op/infer_util.h"

static void gather_content(ob_infer_t *infer) {
  ob_content_t data, indices;
  if (!ob_infer_content(infer, 0, &data) || !ob_infer_content(infer, 1, &indices)) return;
  ob_dim_t *items = ob_infer_room(infer, indices.count);
  for (size_t i = 0; items && i < indices.count; i++) {
    int64_t at;
    if (!ob_dim_is_const(indices.items[i], &at)) return;
    if (at < 0) at += (int64_t)data.count;
    if (at < 0 || (size_t)at >= data.count) return; /* an error when it runs */
    items[i] = data.items[at];
  }
  ob_infer_set_content(infer, 0, items, indices.count);
}

static ob_status_t infer(ob_infer_t *infer) {
  ob_shape_t data = ob_infer_shape_at_least(infer, 0, 1), indices = ob_infer_shape(infer, 1);
  int32_t axis = ob_infer_axis(infer, "axis", 0, data.rank);
  if (data.rank < 0 || indices.rank < 0) return ob_infer_set(infer, 0, OB_UNDEFINED, &(ob_shape_t){.rank = -1});
  ob_shape_t shape = ob_shape_of(axis, data.dims);
  for (int32_t i = 0; i < indices.rank; i++) ob_shape_append(infer, &shape, indices.dims[i]);
  for (int32_t i = axis + 1; i < data.rank; i++) ob_shape_append(infer, &shape, data.dims[i]);
  OB_TRY(ob_infer_set(infer, 0, OB_UNDEFINED, &shape));
  gather_content(infer);
  return infer->status;
}

const ob_op_t ob_op_Gather = {
    .name = "Gather",
    .domain = "",
    .since = 13,
    OB_INPUTS(2, OB_PARAM("data", 'T', OB_TYPES_COMMON), OB_PARAM("indices", 'i', OB_TYPES_INDEX)),
    OB_OUTPUTS(1, OB_PARAM("output", 'T', OB_TYPES_COMMON)),
    OB_ATTRIBUTES(OB_INT("axis", 0)),
    .infer = infer,
    .doc = "elements, rows, ... of data at indices along an axis",
};
