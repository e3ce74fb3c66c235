/* Multinomial: samples of classes with given log probabilities. */
#include "op/infer_util.h"

static ob_status_t infer(ob_infer_t *infer) {
  ob_shape_t x = ob_infer_shape_of_rank(infer, 0, 2);
  ob_dim_t samples = ob_dim(infer, ob_infer_int_within(infer, "sample_size", 1, 1, INT64_MAX));
  ob_shape_t shape = ob_shape_of(2, (ob_dim_t[]){x.dims[0], samples});
  return ob_infer_set(infer, 0, ob_infer_dtype_attribute(infer, "dtype", OB_INT32), &shape);
}

const ob_op_t ob_op_Multinomial = {
    .name = "Multinomial",
    .domain = "",
    .since = 22,
    .flags = OB_OP_RANDOM,
    OB_INPUTS(1, OB_PARAM("input", '1', OB_TYPES_FLOATS)),
    OB_OUTPUTS(1, OB_PARAM("output", '2', OB_TYPES_INDEX)),
    OB_ATTRIBUTES(OB_INT("dtype", 6), OB_INT("sample_size", 1), OB_MAYBE("seed", FLOAT)),
    .infer = infer,
    .doc = "samples of classes with given log probabilities",
};
