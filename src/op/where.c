/* Where: X where the condition is true, else Y; all three are broadcast. */
#include "op/infer_util.h"

static ob_status_t infer(ob_infer_t *infer) {
  ob_content_t c, x, y;
  OB_TRY(ob_infer_broadcast(infer));
  if (!ob_infer_content(infer, 0, &c) || !ob_infer_content(infer, 1, &x) || !ob_infer_content(infer, 2, &y)) return OB_OK;
  size_t count = c.count != 1 ? c.count : x.count != 1 ? x.count : y.count;
  ob_dim_t *items = ob_infer_room(infer, count);
  for (size_t i = 0; items && i < count; i++)
    items[i] = ob_dim_select(infer, c.items[c.count == 1 ? 0 : i], x.items[x.count == 1 ? 0 : i], y.items[y.count == 1 ? 0 : i]);
  ob_infer_set_content(infer, 0, items, count);
  return infer->status;
}

const ob_op_t ob_op_Where = {
    .name = "Where",
    .domain = "",
    .since = 16,
    .flags = OB_OP_ELEMENTWISE,
    OB_INPUTS(3, OB_PARAM("condition", 'B', OB_TYPES_BOOL), OB_PARAM("X", 'T', OB_TYPES_COMMON),
              OB_PARAM("Y", 'T', OB_TYPES_COMMON)),
    OB_OUTPUTS(1, OB_PARAM("output", 'T', OB_TYPES_COMMON)),
    .infer = infer,
    .doc = "X where the condition is true, else Y; all three are broadcast",
};
