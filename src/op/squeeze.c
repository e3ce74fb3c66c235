/* Squeeze: takes axes of size 1 away. */
#include "op/infer_util.h"

/* Without axes all of size 1 go, so that all sizes must be numbers. */
static ob_status_t squeeze_all(ob_infer_t *infer, const ob_shape_t *data) {
  ob_shape_t shape = ob_shape_of_rank(0);
  for (int32_t i = 0; i < data->rank; i++) {
    int64_t size;
    if (!ob_dim_is_const(data->dims[i], &size)) {
      shape = ob_shape_unknown();
      break;
    }
    if (size != 1) ob_shape_append(infer, &shape, data->dims[i]);
  }
  return ob_infer_set(infer, 0, OB_UNDEFINED, &shape);
}

static ob_status_t squeeze_some(ob_infer_t *infer, const ob_shape_t *data) {
  ob_shape_t shape = ob_shape_unknown();
  int64_t axes[OB_MAX_RANK];
  size_t count;
  bool marked[OB_MAX_RANK];
  if (!ob_infer_numbers(infer, 1, axes, &count)) {
    int64_t length = ob_infer_length(infer, 1);
    if (length >= 0 && length <= data->rank) shape = ob_shape_of_rank(data->rank - (int32_t)length);
    return ob_infer_set(infer, 0, OB_UNDEFINED, &shape);
  }
  ob_infer_axes_mark(infer, "axes", axes, count, data->rank, marked);
  shape.rank = 0;
  for (int32_t i = 0; i < data->rank; i++) {
    if (!marked[i])
      ob_shape_append(infer, &shape, data->dims[i]);
    else
      ob_dim_require_equal(infer, data->dims[i], ob_dim(infer, 1), "a squeezed axis and 1");
  }
  return ob_infer_set(infer, 0, OB_UNDEFINED, &shape);
}

static ob_status_t infer(ob_infer_t *infer) {
  ob_shape_t data = ob_infer_shape(infer, 0);
  if (data.rank < 0) return ob_infer_set(infer, 0, OB_UNDEFINED, &data);
  OB_TRY(ob_infer_has(infer, 1) ? squeeze_some(infer, &data) : squeeze_all(infer, &data));
  ob_infer_pass_content(infer);
  return infer->status;
}

const ob_op_t ob_op_Squeeze = {
    .name = "Squeeze",
    .domain = "",
    .since = 25,
    .flags = OB_OP_VIEW,
    OB_INPUTS(1, OB_PARAM("data", 'T', OB_TYPES_ANY), OB_OPTIONAL_PARAM("axes", 0, OB_TYPES_INT64)),
    OB_OUTPUTS(1, OB_PARAM("squeezed", 'T', OB_TYPES_ANY)),
    .infer = infer,
    .doc = "takes axes of size 1 away",
};
