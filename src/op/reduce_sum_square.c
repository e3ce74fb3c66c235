/* ReduceSumSquare: sum of squares over axes. */
#include "op/reduce.h"

const ob_op_t ob_op_ReduceSumSquare = {
    .name = "ReduceSumSquare",
    .domain = "",
    .since = 18,
    OB_INPUTS(1, OB_PARAM("data", 'T', OB_TYPES_WIDE), OB_OPTIONAL_PARAM("axes", 0, OB_TYPES_INT64)),
    OB_OUTPUTS(1, OB_PARAM("reduced", 'T', OB_TYPES_WIDE)),
    OB_ATTRIBUTES(OB_INT("keepdims", 1), OB_INT("noop_with_empty_axes", 0)),
    .infer = ob_infer_reduce_plain,
    .doc = "sum of squares over axes",
};
