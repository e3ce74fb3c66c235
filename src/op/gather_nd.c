/* GatherND: slices of data at places given by all but the last axis of indices. */
#include "op/infer_util.h"

static ob_status_t infer(ob_infer_t *infer) {
  ob_shape_t data = ob_infer_shape_at_least(infer, 0, 1), indices = ob_infer_shape_at_least(infer, 1, 1);
  int64_t batch = ob_infer_int_within(infer, "batch_dims", 0, 0, OB_MAX_RANK), depth;
  ob_shape_t shape = ob_shape_unknown();
  if (data.rank < 0 || indices.rank < 0 || !ob_dim_is_const(indices.dims[indices.rank - 1], &depth))
    return ob_infer_set(infer, 0, OB_UNDEFINED, &shape);
  if (batch >= indices.rank || batch >= data.rank)
    return ob_infer_fail(infer, "batch_dims is %lld, expected less than both ranks", (long long)batch);
  if (depth < 1 || depth > data.rank - batch)
    return ob_infer_fail(infer, "indices have %lld numbers each, expected 1 to %lld", (long long)depth,
                         (long long)(data.rank - batch));
  shape = ob_shape_of(indices.rank - 1, indices.dims);
  for (int32_t i = 0; i < batch; i++)
    shape.dims[i] = ob_dim_require_equal(infer, indices.dims[i], data.dims[i], "batch sizes of data and indices");
  for (int32_t i = (int32_t)(batch + depth); i < data.rank; i++) ob_shape_append(infer, &shape, data.dims[i]);
  return ob_infer_set(infer, 0, OB_UNDEFINED, &shape);
}

const ob_op_t ob_op_GatherND = {
    .name = "GatherND",
    .domain = "",
    .since = 13,
    OB_INPUTS(2, OB_PARAM("data", 'T', OB_TYPES_COMMON), OB_PARAM("indices", 0, OB_TYPES_INT64)),
    OB_OUTPUTS(1, OB_PARAM("output", 'T', OB_TYPES_COMMON)),
    OB_ATTRIBUTES(OB_INT("batch_dims", 0)),
    .infer = infer,
    .doc = "slices of data at places given by all but the last axis of indices",
};
