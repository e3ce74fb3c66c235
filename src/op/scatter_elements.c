/* ScatterElements: data with elements replaced (or added, ...) at places that differ along one axis. */
#include "op/infer_util.h"

static ob_status_t infer(ob_infer_t *infer) {
  static const char *const words[] = {"none", "add", "mul", "max", "min", NULL};
  ob_shape_t data = ob_infer_shape_at_least(infer, 0, 1), indices = ob_infer_shape(infer, 1), updates = ob_infer_shape(infer, 2);
  ob_infer_word(infer, "reduction", "none", words);
  ob_infer_axis(infer, "axis", 0, data.rank);
  if (data.rank >= 0 && indices.rank >= 0 && data.rank != indices.rank)
    return ob_infer_fail(infer, "indices have rank %d, expected %d like data", indices.rank, data.rank);
  ob_infer_require_same_shape(infer, &indices, &updates, "sizes of indices and updates");
  return ob_infer_set(infer, 0, OB_UNDEFINED, &data);
}

const ob_op_t ob_op_ScatterElements = {
    .name = "ScatterElements",
    .domain = "",
    .since = 18,
    OB_INPUTS(3, OB_PARAM("data", 'T', OB_TYPES_COMMON), OB_PARAM("indices", 'i', OB_TYPES_INDEX),
              OB_PARAM("updates", 'T', OB_TYPES_COMMON)),
    OB_OUTPUTS(1, OB_PARAM("output", 'T', OB_TYPES_COMMON)),
    OB_ATTRIBUTES(OB_INT("axis", 0), OB_TEXT("reduction", "none")),
    .infer = infer,
    .doc = "data with elements replaced (or added, ...) at places that differ along one axis",
};
