/* Pad: puts elements in front of and behind axes. */
#include "op/infer_util.h"

static ob_status_t infer(ob_infer_t *infer) {
  static const char *const words[] = {"constant", "reflect", "edge", "wrap", NULL};
  ob_shape_t data = ob_infer_shape(infer, 0), shape = data;
  ob_content_t pads;
  int64_t axes[OB_MAX_RANK];
  size_t count = data.rank < 0 ? 0 : (size_t)data.rank;
  bool marked[OB_MAX_RANK];
  ob_infer_word(infer, "mode", "constant", words);
  for (size_t i = 0; i < count; i++) axes[i] = (int64_t)i;
  bool known = !ob_infer_has(infer, 3) || ob_infer_numbers(infer, 3, axes, &count);
  if (data.rank < 0) return ob_infer_set(infer, 0, OB_UNDEFINED, &data);
  if (!known || !ob_infer_content(infer, 1, &pads)) {
    shape = ob_shape_of_rank(data.rank);
    for (int32_t i = 0; known && i < data.rank; i++) shape.dims[i] = data.dims[i];
    for (size_t i = 0; known && i < count; i++) shape.dims[ob_infer_axis_of(infer, "axes", axes[i], data.rank, false)] = NULL;
    return ob_infer_set(infer, 0, OB_UNDEFINED, &shape);
  }
  if (pads.count != 2 * count)
    return ob_infer_fail(infer, "'pads' has %zu elements, expected %zu: two for each of %zu axes", pads.count, 2 * count, count);
  ob_infer_axes_mark(infer, "axes", axes, count, data.rank, marked);
  for (size_t i = 0; i < count && infer->status == OB_OK; i++) {
    int64_t axis = axes[i] < 0 ? axes[i] + data.rank : axes[i];
    shape.dims[axis] = ob_dim_add(infer, data.dims[axis], ob_dim_add(infer, pads.items[i], pads.items[i + count]));
  }
  return ob_infer_set(infer, 0, OB_UNDEFINED, &shape);
}

const ob_op_t ob_op_Pad = {
    .name = "Pad",
    .domain = "",
    .since = 25,
    OB_INPUTS(2, OB_PARAM("data", 'T', OB_TYPES_ANY), OB_PARAM("pads", 0, OB_TYPES_INT64),
              OB_OPTIONAL_PARAM("constant_value", 'T', OB_TYPES_ANY), OB_OPTIONAL_PARAM("axes", 'i', OB_TYPES_INDEX)),
    OB_OUTPUTS(1, OB_PARAM("output", 'T', OB_TYPES_ANY)),
    OB_ATTRIBUTES(OB_TEXT("mode", "constant")),
    .infer = infer,
    .doc = "puts elements in front of and behind axes",
};
