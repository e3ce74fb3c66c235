/* CenterCropPad: crops or pads around the middle to given sizes. */
#include "op/infer_util.h"

static ob_status_t infer(ob_infer_t *infer) {
  ob_shape_t x = ob_infer_shape(infer, 0), sizes, shape = x;
  size_t count;
  const ob_dim_t *axes = ob_infer_ints(infer, "axes", &count);
  ob_infer_shape_input(infer, 1, &sizes);
  if (x.rank < 0) return ob_infer_set(infer, 0, OB_UNDEFINED, &x);
  if (!ob_infer_stated(infer, "axes")) count = (size_t)x.rank;
  if (sizes.rank >= 0 && (size_t)sizes.rank != count)
    return ob_infer_fail(infer, "'shape' has %d elements, expected %zu", sizes.rank, count);
  for (size_t i = 0; i < count && infer->status == OB_OK; i++) {
    int64_t axis = (int64_t)i;
    if (axes && !ob_dim_is_const(axes[i], &axis)) return ob_infer_fail(infer, "attribute 'axes' is no number");
    int32_t at = ob_infer_axis_of(infer, "axes", axis, x.rank, false);
    shape.dims[at] = sizes.rank < 0 ? NULL : sizes.dims[i];
  }
  return ob_infer_set(infer, 0, OB_UNDEFINED, &shape);
}

const ob_op_t ob_op_CenterCropPad = {
    .name = "CenterCropPad",
    .domain = "",
    .since = 18,
    OB_INPUTS(2, OB_PARAM("input_data", 'T', OB_TYPES_COMMON), OB_PARAM("shape", 'i', OB_TYPES_INDEX)),
    OB_OUTPUTS(1, OB_PARAM("output_data", 'T', OB_TYPES_COMMON)),
    OB_ATTRIBUTES(OB_MAYBE("axes", INTS)),
    .infer = infer,
    .doc = "crops or pads around the middle to given sizes",
};
