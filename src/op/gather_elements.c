/* GatherElements: elements of data at places that differ along one axis. */
#include "op/infer_util.h"

static ob_status_t infer(ob_infer_t *infer) {
  ob_shape_t data = ob_infer_shape_at_least(infer, 0, 1), indices = ob_infer_shape(infer, 1);
  ob_infer_axis(infer, "axis", 0, data.rank);
  if (data.rank >= 0 && indices.rank >= 0 && data.rank != indices.rank)
    return ob_infer_fail(infer, "indices have rank %d, expected %d like data", indices.rank, data.rank);
  if (indices.rank < 0 && data.rank >= 0) indices = ob_shape_of_rank(data.rank);
  return ob_infer_set(infer, 0, OB_UNDEFINED, &indices);
}

const ob_op_t ob_op_GatherElements = {
    .name = "GatherElements",
    .domain = "",
    .since = 13,
    OB_INPUTS(2, OB_PARAM("data", 'T', OB_TYPES_COMMON), OB_PARAM("indices", 'i', OB_TYPES_INDEX)),
    OB_OUTPUTS(1, OB_PARAM("output", 'T', OB_TYPES_COMMON)),
    OB_ATTRIBUTES(OB_INT("axis", 0)),
    .infer = infer,
    .doc = "elements of data at places that differ along one axis",
};
