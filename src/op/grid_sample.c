/* GridSample: samples a tensor at places given by a grid. */
#include "op/infer_util.h"

static ob_status_t infer(ob_infer_t *infer) {
  static const char *const modes[] = {"linear", "nearest", "cubic", NULL}, *const paddings[] = {"zeros", "border", "reflection",
                                                                                                NULL};
  ob_shape_t x = ob_infer_shape_at_least(infer, 0, 3), grid = ob_infer_shape_at_least(infer, 1, 3), shape;
  ob_infer_word(infer, "mode", "linear", modes);
  ob_infer_word(infer, "padding_mode", "zeros", paddings);
  if (x.rank >= 0 && grid.rank >= 0 && x.rank != grid.rank)
    return ob_infer_fail(infer, "the grid has rank %d, expected %d like the input", grid.rank, x.rank);
  shape = x.rank >= 0 ? ob_shape_of_rank(x.rank) : ob_shape_of_rank(grid.rank);
  if (x.rank >= 0 && grid.rank >= 0) {
    shape.dims[0] = ob_dim_require_equal(infer, x.dims[0], grid.dims[0], "the batch of input and grid");
    ob_dim_require_equal(infer, grid.dims[grid.rank - 1], ob_dim(infer, x.rank - 2), "numbers of a place and spatial axes");
    shape.dims[1] = x.dims[1];
    for (int32_t i = 2; i < x.rank; i++) shape.dims[i] = grid.dims[i - 1];
  }
  return ob_infer_set(infer, 0, OB_UNDEFINED, &shape);
}

const ob_op_t ob_op_GridSample = {
    .name = "GridSample",
    .domain = "",
    .since = 22,
    OB_INPUTS(2, OB_PARAM("X", '1', OB_TYPES_COMMON), OB_PARAM("grid", '2', OB_TYPES_FLOATS)),
    OB_OUTPUTS(1, OB_PARAM("Y", '1', OB_TYPES_COMMON)),
    OB_ATTRIBUTES(OB_INT("align_corners", 0), OB_TEXT("mode", "linear"), OB_TEXT("padding_mode", "zeros")),
    .infer = infer,
    .doc = "samples a tensor at places given by a grid",
};
