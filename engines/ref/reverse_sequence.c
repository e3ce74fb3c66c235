/* ReverseSequence: turns the first sequence_lens[b] elements of each sequence of the batch around. */
#include "ref/support/element.h"
#include "ref/support/shape.h"

static ob_status_t run(const ob_kernel_call_t *call) {
  const ob_tensor_t *x = call->inputs[0], *lengths = call->inputs[1];
  ob_tensor_t *y = call->outputs[0];
  int32_t batch, time;
  int64_t index[OB_MAX_RANK] = {0}, strides[OB_MAX_RANK];
  OB_TRY(ob_ref_axis(ob_kernel_int(call, "batch_axis", 1), x->rank, &batch));
  OB_TRY(ob_ref_axis(ob_kernel_int(call, "time_axis", 0), x->rank, &time));
  OB_TRY(ob_ref_same_shape(x, y, "input and output"));
  if (ob_tensor_count(lengths) != (size_t)x->dims[batch]) return ob_fail(OB_INVALID_ARGUMENT, "%zu sequence lengths", ob_tensor_count(lengths));
  for (size_t i = 0; i < ob_tensor_count(lengths); i++) {
    int64_t length = ob_ref_get_int(lengths->dtype, lengths->data, i);
    if (length < 0 || length > x->dims[time]) return ob_fail(OB_OUT_OF_RANGE, "sequence length %lld of batch element %zu", (long long)length, i);
  }
  ob_ref_strides(x->rank, x->dims, strides);
  for (size_t at = 0; at < ob_tensor_count(x); at++) {
    int64_t length = ob_ref_get_int(lengths->dtype, lengths->data, (size_t)index[batch]);
    int64_t from = index[time] < length ? length - 1 - index[time] : index[time];
    ob_ref_copy(y->dtype, y->data, at, x->data, (size_t)((int64_t)at + (from - index[time]) * strides[time]), 1);
    ob_ref_next(x->rank, x->dims, index);
  }
  return OB_OK;
}

const ob_kernel_t ob_ref_ReverseSequence = {.op = "ReverseSequence", .domain = "", .run = run};
