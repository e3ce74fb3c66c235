/* Sequences: types of their elements. */
#include "op/sequence.h"

const ob_type_t *ob_infer_element(ob_infer_t *infer, size_t input) {
  const ob_value_t *value = ob_infer_input(infer, input);
  if (value && value->type.kind == OB_SEQUENCE && value->type.element) return value->type.element;
  ob_infer_fail(infer, "input %zu is no sequence", input);
  return NULL;
}

ob_status_t ob_infer_set_sequence(ob_infer_t *infer, size_t output, const ob_type_t *element) {
  ob_type_t *copy, *type;
  OB_TRY(infer->status);
  OB_TRY(OB_ARENA_NEW(&infer->module->arena, &copy));
  OB_TRY(OB_ARENA_NEW(&infer->module->arena, &type));
  *copy = *element;
  *type = (ob_type_t){.kind = OB_SEQUENCE, .element = copy};
  return ob_infer_set_type(infer, output, type);
}

void ob_type_join(ob_type_t *type, const ob_type_t *other) {
  if (type->kind != OB_TENSOR || type->rank < 0) return;
  bool same = other->kind == OB_TENSOR && type->rank == other->rank;
  for (int32_t i = 0; same && i < type->rank; i++) same = ob_expr_equal(type->dims[i], other->dims[i]);
  if (same) return;
  type->rank = -1;
  type->dims = NULL;
}
