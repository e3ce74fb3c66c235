/* Optional: something that may be absent. */
#include "op/infer_util.h"

static ob_status_t infer(ob_infer_t *infer) {
  ob_type_t *type, *element;
  if (!ob_infer_has(infer, 0)) return infer->status; /* the type that the model states stays */
  OB_TRY(OB_ARENA_NEW(&infer->module->arena, &type));
  OB_TRY(OB_ARENA_NEW(&infer->module->arena, &element));
  *element = ob_infer_input(infer, 0)->type;
  *type = (ob_type_t){.kind = OB_OPTIONAL, .element = element};
  return ob_infer_set_type(infer, 0, type);
}

const ob_op_t ob_op_Optional = {
    .name = "Optional",
    .domain = "",
    .since = 28,
    OB_INPUTS(0, OB_OPTIONAL_PARAM("input", 0, 0)),
    OB_OUTPUTS(1, OB_PARAM("output", 0, 0)),
    .infer = infer,
    .doc = "something that may be absent",
};
