/* CausalConvWithState: convolution of each channel with its past, and the past for the next call. */
#include "op/infer_util.h"

static ob_status_t infer(ob_infer_t *infer) {
  static const char *const words[] = {"none", "silu", "swish", NULL};
  ob_shape_t x = ob_infer_shape_of_rank(infer, 0, 3), w = ob_infer_shape_of_rank(infer, 1, 3),
             bias = ob_infer_shape_of_rank(infer, 2, 1);
  ob_infer_word(infer, "activation", "none", words);
  ob_dim_t channels = ob_dim_require_equal(infer, x.dims[1], w.dims[0], "channels of input and weight");
  ob_dim_require_equal(infer, w.dims[1], ob_dim(infer, 1), "axis 1 of the weight and 1");
  if (ob_infer_has(infer, 2))
    ob_dim_require_equal(infer, channels, bias.rank < 0 ? NULL : bias.dims[0], "channels of input and bias");
  ob_shape_t state = ob_shape_of(3, (ob_dim_t[]){x.dims[0], channels, ob_dim_plus(infer, w.dims[2], -1)}),
             past = ob_infer_shape(infer, 3);
  ob_infer_require_same_shape(infer, &state, &past, "sizes of past_state");
  OB_TRY(ob_infer_set(infer, 0, OB_UNDEFINED, &x));
  return ob_infer_set(infer, 1, OB_UNDEFINED, &state);
}

const ob_op_t ob_op_CausalConvWithState = {
    .name = "CausalConvWithState",
    .domain = "",
    .since = 27,
    .flags = OB_OP_CONTRACTION,
    OB_INPUTS(2, OB_PARAM("input", 'T', OB_TYPES_SHORT_FLOATS), OB_PARAM("weight", 'T', OB_TYPES_SHORT_FLOATS),
              OB_OPTIONAL_PARAM("bias", 'T', OB_TYPES_SHORT_FLOATS), OB_OPTIONAL_PARAM("past_state", 'T', OB_TYPES_SHORT_FLOATS)),
    OB_OUTPUTS(2, OB_PARAM("output", 'T', OB_TYPES_SHORT_FLOATS), OB_PARAM("present_state", 'T', OB_TYPES_SHORT_FLOATS)),
    OB_ATTRIBUTES(OB_TEXT("activation", "none")),
    .infer = infer,
    .doc = "convolution of each channel with its past, and the past for the next call",
};
