/* StringConcat: strings one after the other, with broadcasting. */
#include "op/infer_util.h"

const ob_op_t ob_op_StringConcat = {
    .name = "StringConcat",
    .domain = "",
    .since = 20,
    .flags = OB_OP_ELEMENTWISE,
    OB_INPUTS(2, OB_PARAM("X", 'T', OB_TYPES_STRING), OB_PARAM("Y", 'T', OB_TYPES_STRING)),
    OB_OUTPUTS(1, OB_PARAM("Z", 'T', OB_TYPES_STRING)),
    .infer = ob_infer_broadcast,
    .doc = "strings one after the other, with broadcasting",
};
