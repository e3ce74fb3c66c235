/* ConcatFromSequence: the tensors of a sequence one after the other along an axis, which may be a new one. */
#include "ref/support/collection.h"
#include "ref/support/move.h"

/* Dims of the result; `axis` counts in them. */
static ob_status_t joined_dims(const ob_tensor_t *sequence, bool fresh, int32_t axis, int64_t *dims) {
  const ob_tensor_t *first = &sequence->items[0];
  int32_t rank = first->rank + fresh;
  for (int32_t i = 0; i < rank; i++) dims[i] = i == axis ? 0 : first->dims[i - (fresh && i > axis)];
  for (size_t t = 0; t < sequence->item_count; t++) {
    const ob_tensor_t *x = &sequence->items[t];
    for (int32_t i = 0; i < first->rank; i++)
      if (x->rank != first->rank || x->dtype != first->dtype || ((fresh || i != axis) && x->dims[i] != first->dims[i]))
        return ob_fail(OB_INVALID_ARGUMENT, "item %zu does not fit the first along axis %d", t, (int)i);
    dims[axis] += fresh ? 1 : x->dims[axis];
  }
  return OB_OK;
}

static ob_status_t run(const ob_kernel_call_t *call) {
  const ob_tensor_t *sequence = call->inputs[0];
  bool fresh = ob_kernel_int(call, "new_axis", 0) != 0;
  int64_t dims[OB_MAX_RANK + 1];
  int32_t axis;
  if (sequence->item_count == 0) return ob_fail(OB_OUT_OF_RANGE, "the sequence is empty");
  int32_t rank = sequence->items[0].rank + fresh;
  if (rank > OB_MAX_RANK) return ob_fail(OB_UNSUPPORTED, "rank %d", (int)rank);
  OB_TRY(ob_ref_axis(ob_kernel_int(call, "axis", 0), rank, &axis));
  OB_TRY(joined_dims(sequence, fresh, axis, dims));
  OB_TRY(ob_kernel_allocate(call, 0, rank, dims));
  ob_tensor_t *y = call->outputs[0];
  ob_ref_place_t to = ob_ref_whole(y);
  for (size_t t = 0; t < sequence->item_count; t++) {
    const ob_tensor_t *x = &sequence->items[t];
    int64_t box[OB_MAX_RANK];
    for (int32_t i = 0; i < rank; i++) box[i] = i == axis ? (fresh ? 1 : x->dims[i]) : dims[i];
    ob_ref_place_t from = {.data = x->data};
    ob_ref_strides(rank, box, from.strides);
    ob_ref_move(x->dtype, rank, box, &to, &from);
    to.at += box[axis] * to.strides[axis];
  }
  return OB_OK;
}

const ob_kernel_t ob_ref_ConcatFromSequence = {.op = "ConcatFromSequence", .domain = "", .run = run};
