/* MaxPool: largest element of each window, and where it is. */
#include "op/window.h"

static ob_status_t infer(ob_infer_t *infer) {
  ob_infer_int_within(infer, "storage_order", 0, 0, 1);
  return ob_infer_pool(infer);
}

const ob_op_t ob_op_MaxPool = {
    .name = "MaxPool",
    .domain = "",
    .since = 22,
    OB_INPUTS(1, OB_PARAM("X", 'T', OB_TYPES_FLOATS | OB_TYPES_BYTES)),
    OB_OUTPUTS(1, OB_PARAM("Y", 'T', OB_TYPES_FLOATS | OB_TYPES_BYTES), OB_OPTIONAL_PARAM("Indices", 'I', OB_TYPES_INT64)),
    OB_ATTRIBUTES(OB_TEXT("auto_pad", "NOTSET"), OB_INT("ceil_mode", 0), OB_MAYBE("dilations", INTS), OB_MUST("kernel_shape", INTS),
                  OB_MAYBE("pads", INTS), OB_INT("storage_order", 0), OB_MAYBE("strides", INTS)),
    .infer = infer,
    .doc = "largest element of each window, and where it is",
};
