/* CumSum: running sum along an axis. */
#include "op/infer_util.h"

const ob_op_t ob_op_CumSum = {
    .name = "CumSum",
    .domain = "",
    .since = 14,
    OB_INPUTS(2, OB_PARAM("x", 'T', OB_TYPES_WIDE), OB_PARAM("axis", '2', OB_TYPES_INDEX)),
    OB_OUTPUTS(1, OB_PARAM("y", 'T', OB_TYPES_WIDE)),
    OB_ATTRIBUTES(OB_INT("exclusive", 0), OB_INT("reverse", 0)),
    .infer = ob_infer_same,
    .doc = "running sum along an axis",
};
