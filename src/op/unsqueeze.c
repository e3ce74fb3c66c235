/* Unsqueeze: puts axes of size 1 in. */
#include "op/infer_util.h"

static ob_status_t infer(ob_infer_t *infer) {
  ob_shape_t data = ob_infer_shape(infer, 0), shape = ob_shape_unknown();
  int64_t axes[OB_MAX_RANK];
  size_t count;
  bool marked[OB_MAX_RANK];
  if (!ob_infer_numbers(infer, 1, axes, &count)) {
    int64_t length = ob_infer_length(infer, 1);
    if (data.rank >= 0 && length >= 0 && length <= OB_MAX_RANK - data.rank) shape = ob_shape_of_rank(data.rank + (int32_t)length);
    return ob_infer_set(infer, 0, OB_UNDEFINED, &shape);
  }
  if (data.rank < 0) return ob_infer_set(infer, 0, OB_UNDEFINED, &shape);
  int32_t rank = data.rank + (int32_t)count;
  if (rank > OB_MAX_RANK) return ob_infer_fail(infer, "the output's rank would be more than %d", OB_MAX_RANK);
  ob_infer_axes_mark(infer, "axes", axes, count, rank, marked);
  OB_TRY(infer->status);
  shape.rank = rank;
  for (int32_t i = 0, from = 0; i < rank; i++) shape.dims[i] = marked[i] ? ob_dim(infer, 1) : data.dims[from++];
  OB_TRY(ob_infer_set(infer, 0, OB_UNDEFINED, &shape));
  ob_infer_pass_content(infer);
  return infer->status;
}

const ob_op_t ob_op_Unsqueeze = {
    .name = "Unsqueeze",
    .domain = "",
    .since = 25,
    .flags = OB_OP_VIEW,
    OB_INPUTS(2, OB_PARAM("data", 'T', OB_TYPES_ANY), OB_PARAM("axes", 0, OB_TYPES_INT64)),
    OB_OUTPUTS(1, OB_PARAM("expanded", 'T', OB_TYPES_ANY)),
    .infer = infer,
    .doc = "puts axes of size 1 in",
};
