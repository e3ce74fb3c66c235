/* MelWeightMatrix: weights that turn a spectrum into mel bands. */
#include "op/infer_util.h"

static ob_status_t infer(ob_infer_t *infer) {
  ob_dim_t bins = ob_infer_scalar(infer, 0), length = ob_infer_scalar(infer, 1);
  ob_dim_t rows = ob_dim_plus(infer, ob_dim_make(infer, OB_EXPR_FLOORDIV, length, ob_dim(infer, 2)), 1);
  ob_shape_t shape = ob_shape_of(2, (ob_dim_t[]){rows, bins});
  return ob_infer_set(infer, 0, ob_infer_dtype_attribute(infer, "output_datatype", OB_FLOAT32), &shape);
}

const ob_op_t ob_op_MelWeightMatrix = {
    .name = "MelWeightMatrix",
    .domain = "",
    .since = 17,
    OB_INPUTS(5, OB_PARAM("num_mel_bins", '1', OB_TYPES_INDEX), OB_PARAM("dft_length", '1', OB_TYPES_INDEX),
              OB_PARAM("sample_rate", '1', OB_TYPES_INDEX), OB_PARAM("lower_edge_hertz", '2', OB_TYPES_FLOATS),
              OB_PARAM("upper_edge_hertz", '2', OB_TYPES_FLOATS)),
    OB_OUTPUTS(1, OB_PARAM("output", '3', OB_TYPES_NUMERIC)),
    OB_ATTRIBUTES(OB_INT("output_datatype", 1)),
    .infer = infer,
    .doc = "weights that turn a spectrum into mel bands",
};
