/* ImageDecoder: the pixels of an image in a file's form. */
#include "op/infer_util.h"

static ob_status_t infer(ob_infer_t *infer) {
  static const char *const words[] = {"RGB", "BGR", "Grayscale", NULL};
  bool grey = ob_infer_word(infer, "pixel_format", "RGB", words) == words[2];
  ob_shape_t shape = ob_shape_of(3, (ob_dim_t[]){NULL, NULL, ob_dim(infer, grey ? 1 : 3)});
  ob_infer_shape_of_rank(infer, 0, 1);
  return ob_infer_set(infer, 0, OB_UNDEFINED, &shape);
}

const ob_op_t ob_op_ImageDecoder = {
    .name = "ImageDecoder",
    .domain = "",
    .since = 20,
    .flags = OB_OP_DATA_SHAPE,
    OB_INPUTS(1, OB_PARAM("encoded_stream", '1', OB_DTYPE_BIT(OB_UINT8))),
    OB_OUTPUTS(1, OB_PARAM("image", '2', OB_DTYPE_BIT(OB_UINT8))),
    OB_ATTRIBUTES(OB_TEXT("pixel_format", "RGB")),
    .infer = infer,
    .doc = "the pixels of an image in a file's form",
};
