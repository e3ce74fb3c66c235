/* ArgMin: place of the smallest element along an axis. */
#include "op/reduce.h"

const ob_op_t ob_op_ArgMin = {
    .name = "ArgMin",
    .domain = "",
    .since = 13,
    OB_INPUTS(1, OB_PARAM("data", 'T', OB_TYPES_NUMERIC)),
    OB_OUTPUTS(1, OB_PARAM("reduced", 0, OB_TYPES_INT64)),
    OB_ATTRIBUTES(OB_INT("axis", 0), OB_INT("keepdims", 1), OB_INT("select_last_index", 0)),
    .infer = ob_infer_arg_reduce,
    .doc = "place of the smallest element along an axis",
};
