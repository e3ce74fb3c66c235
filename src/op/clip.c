/* Clip: limits each element to min..max. */
#include "op/infer_util.h"

static ob_status_t infer(ob_infer_t *infer) {
  ob_content_t content;
  OB_TRY(ob_infer_same(infer));
  ob_dim_t low = ob_infer_scalar(infer, 1), high = ob_infer_scalar(infer, 2);
  bool known = (low || !ob_infer_has(infer, 1)) && (high || !ob_infer_has(infer, 2));
  if (!known || !ob_infer_content(infer, 0, &content)) return infer->status;
  ob_dim_t *items = ob_infer_room(infer, content.count);
  for (size_t i = 0; items && i < content.count; i++) {
    items[i] = low ? ob_dim_max(infer, content.items[i], low) : content.items[i];
    if (high) items[i] = ob_dim_min(infer, items[i], high);
  }
  ob_infer_set_content(infer, 0, items, content.count);
  return infer->status;
}

const ob_op_t ob_op_Clip = {
    .name = "Clip",
    .domain = "",
    .since = 13,
    .flags = OB_OP_ELEMENTWISE,
    OB_INPUTS(1, OB_PARAM("input", 'T', OB_TYPES_NUMERIC), OB_OPTIONAL_PARAM("min", 'T', OB_TYPES_NUMERIC),
              OB_OPTIONAL_PARAM("max", 'T', OB_TYPES_NUMERIC)),
    OB_OUTPUTS(1, OB_PARAM("output", 'T', OB_TYPES_NUMERIC)),
    .infer = infer,
    .doc = "limits each element to min..max",
};
