/* TensorScatter: a cache with an update written to each sample's place along an axis. */
#include "op/infer_util.h"

static ob_status_t infer(ob_infer_t *infer) {
  static const char *const words[] = {"linear", "circular", NULL};
  ob_shape_t cache = ob_infer_shape_at_least(infer, 0, 2), update = ob_infer_shape(infer, 1);
  int32_t axis = ob_infer_axis(infer, "axis", -2, cache.rank);
  ob_infer_word(infer, "mode", "linear", words);
  if (axis == 0) return ob_infer_fail(infer, "'axis' is 0, the batch");
  if (cache.rank >= 0 && update.rank >= 0) {
    update.dims[axis] = NULL;
    ob_infer_require_same_shape(infer, &cache, &update, "sizes of cache and update");
  }
  ob_shape_t places = ob_infer_shape_of_rank(infer, 2, 1);
  if (cache.rank >= 0 && places.rank == 1)
    ob_dim_require_equal(infer, cache.dims[0], places.dims[0], "batch of cache and write_indices");
  return ob_infer_set(infer, 0, OB_UNDEFINED, &cache);
}

const ob_op_t ob_op_TensorScatter = {
    .name = "TensorScatter",
    .domain = "",
    .since = 24,
    OB_INPUTS(2, OB_PARAM("past_cache", 'T', OB_TYPES_ANY & ~(OB_DTYPE_BIT(OB_UINT2) | OB_DTYPE_BIT(OB_INT2))),
              OB_PARAM("update", 'T', OB_TYPES_ANY & ~(OB_DTYPE_BIT(OB_UINT2) | OB_DTYPE_BIT(OB_INT2))),
              OB_OPTIONAL_PARAM("write_indices", 0, OB_TYPES_INT64)),
    OB_OUTPUTS(1, OB_PARAM("present_cache", 'T', OB_TYPES_ANY & ~(OB_DTYPE_BIT(OB_UINT2) | OB_DTYPE_BIT(OB_INT2)))),
    OB_ATTRIBUTES(OB_INT("axis", -2), OB_TEXT("mode", "linear")),
    .infer = infer,
    .doc = "a cache with an update written to each sample's place along an axis",
};
