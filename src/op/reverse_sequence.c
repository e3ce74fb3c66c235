/* ReverseSequence: the first elements of each sequence in reverse order. */
#include "op/infer_util.h"

static ob_status_t infer(ob_infer_t *infer) {
  ob_shape_t x = ob_infer_shape_at_least(infer, 0, 2), lengths = ob_infer_shape_of_rank(infer, 1, 1);
  int64_t batch = ob_infer_int_within(infer, "batch_axis", 1, 0, 1), time = ob_infer_int_within(infer, "time_axis", 0, 0, 1);
  if (batch == time) return ob_infer_fail(infer, "batch_axis and time_axis are both %lld", (long long)batch);
  if (x.rank >= 0) ob_dim_require_equal(infer, x.dims[batch], lengths.dims[0], "the batch and the number of lengths");
  return ob_infer_set(infer, 0, OB_UNDEFINED, &x);
}

const ob_op_t ob_op_ReverseSequence = {
    .name = "ReverseSequence",
    .domain = "",
    .since = 28,
    OB_INPUTS(2, OB_PARAM("input", 'T', OB_TYPES_COMMON), OB_PARAM("sequence_lens", 0, OB_TYPES_INT64)),
    OB_OUTPUTS(1, OB_PARAM("Y", 'T', OB_TYPES_COMMON)),
    OB_ATTRIBUTES(OB_INT("batch_axis", 1), OB_INT("time_axis", 0)),
    .infer = infer,
    .doc = "the first elements of each sequence in reverse order",
};
