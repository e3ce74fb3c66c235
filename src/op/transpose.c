/* Transpose: axes in another order. */
#include "op/infer_util.h"

static ob_status_t infer(ob_infer_t *infer) {
  ob_shape_t data = ob_infer_shape(infer, 0), shape = data;
  size_t count;
  const ob_dim_t *perm = ob_infer_ints(infer, "perm", &count);
  bool seen[OB_MAX_RANK] = {false};
  if (!ob_infer_stated(infer, "perm")) {
    for (int32_t i = 0; i < data.rank; i++) shape.dims[i] = data.dims[data.rank - 1 - i];
    OB_TRY(ob_infer_set(infer, 0, OB_UNDEFINED, &shape));
    ob_infer_pass_content(infer);
    return infer->status;
  }
  if (data.rank < 0 && count <= OB_MAX_RANK) data = shape = ob_shape_of_rank((int32_t)count);
  if ((int64_t)count != data.rank)
    return ob_infer_fail(infer, "'perm' has %zu elements, expected %d, the input's rank", count, data.rank);
  for (size_t i = 0; i < count; i++) {
    int64_t from;
    if (!ob_dim_is_const(perm[i], &from) || from < 0 || from >= data.rank || seen[from])
      return ob_infer_fail(infer, "'perm' is no order of the axes 0 to %d", data.rank - 1);
    seen[from] = true;
    shape.dims[i] = data.dims[from];
  }
  OB_TRY(ob_infer_set(infer, 0, OB_UNDEFINED, &shape));
  ob_infer_pass_content(infer);
  return infer->status;
}

const ob_op_t ob_op_Transpose = {
    .name = "Transpose",
    .domain = "",
    .since = 25,
    OB_INPUTS(1, OB_PARAM("data", 'T', OB_TYPES_ANY)),
    OB_OUTPUTS(1, OB_PARAM("transposed", 'T', OB_TYPES_ANY)),
    OB_ATTRIBUTES(OB_MAYBE("perm", INTS)),
    .infer = infer,
    .doc = "axes in another order",
};
