/* DeformConv: convolution whose window bends as offsets say. */
#include "op/window.h"

static ob_status_t infer(ob_infer_t *infer) {
  ob_infer_int_within(infer, "offset_group", 1, 1, INT64_MAX);
  ob_infer_shape_at_least(infer, 2, 3);
  return ob_infer_conv(infer, 1, 3);
}

const ob_op_t ob_op_DeformConv = {
    .name = "DeformConv",
    .domain = "",
    .since = 22,
    .flags = OB_OP_CONTRACTION,
    OB_INPUTS(3, OB_PARAM("X", 'T', OB_TYPES_FLOATS), OB_PARAM("W", 'T', OB_TYPES_FLOATS), OB_PARAM("offset", 'T', OB_TYPES_FLOATS),
              OB_OPTIONAL_PARAM("B", 'T', OB_TYPES_FLOATS), OB_OPTIONAL_PARAM("mask", 'T', OB_TYPES_FLOATS)),
    OB_OUTPUTS(1, OB_PARAM("Y", 'T', OB_TYPES_FLOATS)),
    OB_ATTRIBUTES(OB_MAYBE("dilations", INTS), OB_INT("group", 1), OB_MAYBE("kernel_shape", INTS), OB_INT("offset_group", 1),
                  OB_MAYBE("pads", INTS), OB_MAYBE("strides", INTS)),
    .infer = infer,
    .doc = "convolution whose window bends as offsets say",
};
