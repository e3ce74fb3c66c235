/* Col2Im: adds columns of blocks up to images. */
#include "op/infer_util.h"

static ob_status_t infer(ob_infer_t *infer) {
  ob_shape_t x = ob_infer_shape_of_rank(infer, 0, 3), image, block;
  bool known = ob_infer_shape_input(infer, 1, &image);
  ob_infer_shape_input(infer, 2, &block);
  if (image.rank < 0) image = block.rank < 0 ? ob_shape_unknown() : ob_shape_of_rank(block.rank);
  if (block.rank >= 0 && image.rank != block.rank)
    return ob_infer_fail(infer, "image_shape has %d elements, but block_shape %d", image.rank, block.rank);
  if (image.rank < 0) return ob_infer_set(infer, 0, OB_UNDEFINED, &image);
  ob_shape_t shape = ob_shape_of(2, (ob_dim_t[]){x.dims[0], NULL});
  shape.dims[1] = ob_dim_make(infer, OB_EXPR_EXACTDIV, x.dims[1], ob_shape_count(infer, &block, 0, block.rank));
  for (int32_t i = 0; i < image.rank; i++) ob_shape_append(infer, &shape, known ? image.dims[i] : NULL);
  return ob_infer_set(infer, 0, OB_UNDEFINED, &shape);
}

const ob_op_t ob_op_Col2Im = {
    .name = "Col2Im",
    .domain = "",
    .since = 18,
    OB_INPUTS(3, OB_PARAM("input", 'T', OB_TYPES_COMMON), OB_PARAM("image_shape", 0, OB_TYPES_INT64),
              OB_PARAM("block_shape", 0, OB_TYPES_INT64)),
    OB_OUTPUTS(1, OB_PARAM("output", 'T', OB_TYPES_COMMON)),
    OB_ATTRIBUTES(OB_MAYBE("dilations", INTS), OB_MAYBE("pads", INTS), OB_MAYBE("strides", INTS)),
    .infer = infer,
    .doc = "adds columns of blocks up to images",
};
