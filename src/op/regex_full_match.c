/* RegexFullMatch: true where a regular expression matches the whole string. */
#include "op/infer_util.h"

const ob_op_t ob_op_RegexFullMatch = {
    .name = "RegexFullMatch",
    .domain = "",
    .since = 20,
    .flags = OB_OP_ELEMENTWISE,
    OB_INPUTS(1, OB_PARAM("X", '1', OB_TYPES_STRING)),
    OB_OUTPUTS(1, OB_PARAM("Y", '2', OB_TYPES_BOOL)),
    OB_ATTRIBUTES(OB_MAYBE("pattern", STRING)),
    .infer = ob_infer_same,
    .doc = "true where a regular expression matches the whole string",
};
