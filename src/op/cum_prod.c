/* CumProd: running product along an axis. */
#include "op/infer_util.h"

const ob_op_t ob_op_CumProd = {
    .name = "CumProd",
    .domain = "",
    .since = 26,
    OB_INPUTS(2, OB_PARAM("x", 'T', OB_TYPES_WIDE), OB_PARAM("axis", '2', OB_TYPES_INDEX)),
    OB_OUTPUTS(1, OB_PARAM("y", 'T', OB_TYPES_WIDE)),
    OB_ATTRIBUTES(OB_INT("exclusive", 0), OB_INT("reverse", 0)),
    .infer = ob_infer_same,
    .doc = "running product along an axis",
};
