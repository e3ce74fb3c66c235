/* StringSplit: strings cut at a delimiter, and into how many parts. */
#include "op/infer_util.h"

static ob_status_t infer(ob_infer_t *infer) {
  ob_shape_t x = ob_infer_shape(infer, 0), parts = x;
  ob_shape_append(infer, &parts, NULL);
  OB_TRY(ob_infer_set(infer, 0, OB_UNDEFINED, &parts));
  return ob_infer_set(infer, 1, OB_UNDEFINED, &x);
}

const ob_op_t ob_op_StringSplit = {
    .name = "StringSplit",
    .domain = "",
    .since = 20,
    .flags = OB_OP_DATA_SHAPE,
    OB_INPUTS(1, OB_PARAM("X", '1', OB_TYPES_STRING)),
    OB_OUTPUTS(2, OB_PARAM("Y", '2', OB_TYPES_STRING), OB_PARAM("Z", '3', OB_TYPES_INT64)),
    OB_ATTRIBUTES(OB_MAYBE("delimiter", STRING), OB_MAYBE("maxsplit", INT)),
    .infer = infer,
    .doc = "strings cut at a delimiter, and into how many parts",
};
