/* SplitToSequence: parts of a tensor along an axis, as a sequence. */
#include "op/sequence.h"

/* The size of all parts along the axis; NULL where they differ. */
static ob_dim_t part_size(ob_infer_t *infer, ob_dim_t whole) {
  ob_content_t split;
  int64_t size, part;
  if (!ob_infer_has(infer, 1)) return ob_dim(infer, 1);
  if (!ob_infer_content(infer, 1, &split) || split.count == 0) return NULL;
  for (size_t i = 1; i < split.count; i++)
    if (!ob_expr_equal(split.items[i], split.items[0])) return NULL;
  bool fits =
      !split.scalar || (ob_dim_is_const(whole, &size) && ob_dim_is_const(split.items[0], &part) && part > 0 && size % part == 0);
  return fits ? split.items[0] : NULL;
}

static ob_status_t infer(ob_infer_t *infer) {
  ob_shape_t x = ob_infer_shape_at_least(infer, 0, 1), shape = x;
  int32_t axis = ob_infer_axis(infer, "axis", 0, x.rank);
  ob_type_t element = {.kind = OB_TENSOR, .dtype = ob_infer_dtype(infer, 0), .rank = -1};
  ob_dim_t part = x.rank < 0 ? NULL : part_size(infer, x.dims[axis]);
  if (part && !ob_infer_has(infer, 1) && ob_infer_int(infer, "keepdims", 1) == 0) {
    shape = ob_shape_of(axis, x.dims);
    for (int32_t i = axis + 1; i < x.rank; i++) ob_shape_append(infer, &shape, x.dims[i]);
  } else if (part) {
    shape.dims[axis] = part;
  }
  if (part) OB_TRY(ob_type_tensor(infer->module, element.dtype, shape.rank, shape.dims, &element));
  return ob_infer_set_sequence(infer, 0, &element);
}

const ob_op_t ob_op_SplitToSequence = {
    .name = "SplitToSequence",
    .domain = "",
    .since = 24,
    OB_INPUTS(1, OB_PARAM("input", 'T', OB_TYPES_COMMON), OB_OPTIONAL_PARAM("split", 'I', OB_TYPES_INDEX)),
    OB_OUTPUTS(1, OB_PARAM("output_sequence", 0, 0)),
    OB_ATTRIBUTES(OB_INT("axis", 0), OB_INT("keepdims", 1)),
    .infer = infer,
    .doc = "parts of a tensor along an axis, as a sequence",
};
