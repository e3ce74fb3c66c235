/* ReduceMax: largest element over axes. */
#include "op/reduce.h"

static ob_status_t infer(ob_infer_t *infer) { return ob_infer_reduce(infer, ob_dim_max); }

const ob_op_t ob_op_ReduceMax = {
    .name = "ReduceMax",
    .domain = "",
    .since = 20,
    OB_INPUTS(1, OB_PARAM("data", 'T', OB_TYPES_WIDE | OB_TYPES_BYTES | OB_TYPES_BOOL),
              OB_OPTIONAL_PARAM("axes", 0, OB_TYPES_INT64)),
    OB_OUTPUTS(1, OB_PARAM("reduced", 'T', OB_TYPES_WIDE | OB_TYPES_BYTES | OB_TYPES_BOOL)),
    OB_ATTRIBUTES(OB_INT("keepdims", 1), OB_INT("noop_with_empty_axes", 0)),
    .infer = infer,
    .doc = "largest element over axes",
};
