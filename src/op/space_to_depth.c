/* SpaceToDepth: blocks of height and width moved into channels. */
#include "op/infer_util.h"

static ob_status_t infer(ob_infer_t *infer) {
  static const char *const words[] = {"DCR", "CRD", NULL};
  ob_shape_t x = ob_infer_shape_of_rank(infer, 0, 4), y = x;
  int64_t block = ob_infer_int_within(infer, "blocksize", 1, 1, INT32_MAX);
  ob_infer_word(infer, "mode", "DCR", words);
  y.dims[1] = ob_dim_times(infer, x.dims[1], block * block);
  y.dims[2] = ob_dim_make(infer, OB_EXPR_EXACTDIV, x.dims[2], ob_dim(infer, block));
  y.dims[3] = ob_dim_make(infer, OB_EXPR_EXACTDIV, x.dims[3], ob_dim(infer, block));
  return ob_infer_set(infer, 0, OB_UNDEFINED, &y);
}

const ob_op_t ob_op_SpaceToDepth = {
    .name = "SpaceToDepth",
    .domain = "",
    .since = 28,
    OB_INPUTS(1, OB_PARAM("input", 'T', OB_TYPES_COMMON)),
    OB_OUTPUTS(1, OB_PARAM("output", 'T', OB_TYPES_COMMON)),
    OB_ATTRIBUTES(OB_MUST("blocksize", INT), OB_TEXT("mode", "DCR")),
    .infer = infer,
    .doc = "blocks of height and width moved into channels",
};
