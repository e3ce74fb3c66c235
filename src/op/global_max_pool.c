/* GlobalMaxPool: largest element over all spatial axes. */
#include "op/window.h"

const ob_op_t ob_op_GlobalMaxPool = {
    .name = "GlobalMaxPool",
    .domain = "",
    .since = 22,
    OB_INPUTS(1, OB_PARAM("X", 'T', OB_TYPES_FLOATS)),
    OB_OUTPUTS(1, OB_PARAM("Y", 'T', OB_TYPES_FLOATS)),
    .infer = ob_infer_global_pool,
    .doc = "largest element over all spatial axes",
};
