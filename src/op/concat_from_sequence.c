/* ConcatFromSequence: the elements of a sequence one after the other along an axis. */
#include "op/sequence.h"

static ob_status_t infer(ob_infer_t *infer) {
  const ob_type_t *element = ob_infer_element(infer, 0);
  bool new_axis = ob_infer_int_within(infer, "new_axis", 0, 0, 1) != 0;
  ob_shape_t shape = ob_shape_unknown();
  if (!element) return infer->status;
  if (element->rank >= 0) {
    int32_t rank = element->rank + (new_axis ? 1 : 0), axis = ob_infer_axis(infer, "axis", 0, rank);
    shape = ob_shape_of_rank(rank);
    for (int32_t i = 0, from = 0; i < rank && infer->status == OB_OK; i++) {
      if (i != axis) shape.dims[i] = element->dims[from];
      if (i != axis || !new_axis) from++;
    }
  }
  return ob_infer_set(infer, 0, element->dtype, &shape);
}

const ob_op_t ob_op_ConcatFromSequence = {
    .name = "ConcatFromSequence",
    .domain = "",
    .since = 11,
    OB_INPUTS(1, OB_PARAM("input_sequence", 0, 0)),
    OB_OUTPUTS(1, OB_PARAM("concat_result", 'T', OB_TYPES_COMMON & ~OB_DTYPE_BIT(OB_BFLOAT16))),
    OB_ATTRIBUTES(OB_MUST("axis", INT), OB_INT("new_axis", 0)),
    .infer = infer,
    .doc = "the elements of a sequence one after the other along an axis",
};
