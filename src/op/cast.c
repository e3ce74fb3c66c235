/* Cast: elements of another type. */
#include "op/infer_util.h"

/* Integers stay what they are; any number but 0 is true. */
static void cast_content(ob_infer_t *infer, ob_dtype_t to) {
  ob_content_t content;
  if (!(OB_DTYPE_BIT(to) & (OB_TYPES_INTEGERS | OB_TYPES_BOOL)) || !ob_infer_content(infer, 0, &content)) return;
  ob_dim_t *items = ob_infer_room(infer, content.count);
  bool truth = to == OB_BOOL && ob_infer_dtype(infer, 0) != OB_BOOL;
  for (size_t i = 0; items && i < content.count; i++)
    items[i] = truth ? ob_dim_make(infer, OB_EXPR_NE, content.items[i], ob_dim(infer, 0)) : content.items[i];
  ob_infer_set_content(infer, 0, items, content.count);
}

static ob_status_t infer(ob_infer_t *infer) {
  static const char *const words[] = {"up", "down", "nearest", NULL};
  ob_dtype_t to = ob_infer_dtype_attribute(infer, "to", OB_UNDEFINED);
  ob_shape_t shape = ob_infer_shape(infer, 0);
  ob_infer_word(infer, "round_mode", "up", words);
  if (to == OB_UNDEFINED) return ob_infer_fail(infer, "attribute 'to' names no element type");
  OB_TRY(ob_infer_set(infer, 0, to, &shape));
  cast_content(infer, to);
  return infer->status;
}

const ob_op_t ob_op_Cast = {
    .name = "Cast",
    .domain = "",
    .since = 28,
    .flags = OB_OP_ELEMENTWISE,
    OB_INPUTS(1, OB_PARAM("input", '1', OB_TYPES_ALL & ~OB_TYPES_COMPLEX)),
    OB_OUTPUTS(1, OB_PARAM("output", '2', OB_TYPES_ALL & ~OB_TYPES_COMPLEX)),
    OB_ATTRIBUTES(OB_TEXT("round_mode", "up"), OB_INT("saturate", 1), OB_MUST("to", INT)),
    .infer = infer,
    .doc = "elements of another type",
};
