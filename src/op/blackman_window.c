/* BlackmanWindow: Blackman's window of the given size. */
#include "op/infer_util.h"

const ob_op_t ob_op_BlackmanWindow = {
    .name = "BlackmanWindow",
    .domain = "",
    .since = 17,
    OB_INPUTS(1, OB_PARAM("size", '1', OB_TYPES_INDEX)),
    OB_OUTPUTS(1, OB_PARAM("output", '2', OB_TYPES_NUMERIC)),
    OB_ATTRIBUTES(OB_INT("output_datatype", 1), OB_INT("periodic", 1)),
    .infer = ob_infer_signal_window,
    .doc = "Blackman's window of the given size",
};
