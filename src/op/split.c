/* Split: parts of a tensor along an axis, of given or equal sizes. */
#include "op/infer_util.h"

/* The sizes of the parts. */
static void read_sizes(ob_infer_t *infer, ob_dim_t whole, size_t parts, ob_dim_t *sizes) {
  ob_content_t content;
  if (ob_infer_has(infer, 1)) {
    ob_dim_t sum = ob_dim(infer, 0);
    if (!ob_infer_content(infer, 1, &content)) return;
    if (content.count != parts) {
      ob_infer_fail(infer, "'split' has %zu elements, expected %zu, one for each output", content.count, parts);
      return;
    }
    for (size_t i = 0; i < parts; i++) sum = ob_dim_add(infer, sum, sizes[i] = content.items[i]);
    ob_dim_require_equal(infer, whole, sum, "the axis and the sum of the parts");
    return;
  }
  int64_t stated = ob_infer_int(infer, "num_outputs", (int64_t)parts);
  if (stated != (int64_t)parts) ob_infer_fail(infer, "num_outputs is %lld, but there are %zu outputs", (long long)stated, parts);
  ob_dim_t part = ob_dim_make(infer, OB_EXPR_CEILDIV, whole, ob_dim(infer, (int64_t)parts));
  for (size_t i = 0; i + 1 < parts; i++) sizes[i] = part;
  sizes[parts - 1] = ob_dim_sub(infer, whole, ob_dim_times(infer, part, (int64_t)parts - 1));
}

static void split_content(ob_infer_t *infer, size_t parts, const ob_dim_t *sizes) {
  ob_content_t data;
  size_t at = 0;
  if (!ob_infer_content(infer, 0, &data)) return;
  for (size_t i = 0; i < parts; i++) {
    int64_t size;
    if (!ob_dim_is_const(sizes[i], &size) || size < 0 || (size_t)size > data.count - at) return;
    ob_infer_set_content(infer, i, data.items + at, (size_t)size);
    at += (size_t)size;
  }
}

static ob_status_t infer(ob_infer_t *infer) {
  ob_shape_t data = ob_infer_shape_at_least(infer, 0, 1), shape = data;
  int32_t axis = ob_infer_axis(infer, "axis", 0, data.rank);
  size_t parts = infer->node->output_count;
  ob_dim_t *sizes = ob_infer_room(infer, parts);
  if (!sizes) return infer->status != OB_OK ? infer->status : ob_infer_fail(infer, "%zu outputs are too many", parts);
  if (data.rank >= 0) read_sizes(infer, data.dims[axis], parts, sizes);
  for (size_t i = 0; i < parts; i++) {
    if (data.rank >= 0) shape.dims[axis] = sizes[i];
    OB_TRY(ob_infer_set(infer, i, OB_UNDEFINED, &shape));
  }
  if (data.rank == 1) split_content(infer, parts, sizes);
  return infer->status;
}

const ob_op_t ob_op_Split = {
    .name = "Split",
    .domain = "",
    .since = 18,
    OB_INPUTS(1, OB_PARAM("input", 'T', OB_TYPES_COMMON), OB_OPTIONAL_PARAM("split", 0, OB_TYPES_INT64)),
    OB_OUTPUTS(1, OB_PARAM("outputs", 'T', OB_TYPES_COMMON)),
    .variadic_outputs = true,
    OB_ATTRIBUTES(OB_INT("axis", 0), OB_MAYBE("num_outputs", INT)),
    .infer = infer,
    .doc = "parts of a tensor along an axis, of given or equal sizes",
};
