/* GatherND: the last axis of `indices` holds coordinates into the data (after batch_dims common axes); picks the slices there. */
#include "ref/support/index.h"

static ob_status_t run(const ob_kernel_call_t *call) {
  const ob_tensor_t *x = call->inputs[0], *indices = call->inputs[1];
  int64_t batch_dims = ob_kernel_int(call, "batch_dims", 0), dims[2 * OB_MAX_RANK], strides[OB_MAX_RANK];
  if (indices->rank < 1 || batch_dims < 0 || batch_dims >= indices->rank || batch_dims > x->rank)
    return ob_fail(OB_INVALID_ARGUMENT, "batch_dims is %lld for indices of rank %d", (long long)batch_dims, (int)indices->rank);
  int32_t b = (int32_t)batch_dims, last = indices->rank - 1;
  int64_t depth = indices->dims[last];
  if (depth < 1 || depth > x->rank - b) return ob_fail(OB_INVALID_ARGUMENT, "coordinates of %lld axes", (long long)depth);
  int32_t inner_axis = b + (int32_t)depth, rank = last + x->rank - inner_axis;
  for (int32_t i = 0; i < b; i++)
    if (x->dims[i] != indices->dims[i]) return ob_fail(OB_INVALID_ARGUMENT, "batch axis %d differs", (int)i);
  for (int32_t i = 0; i < rank; i++) dims[i] = i < last ? indices->dims[i] : x->dims[inner_axis + i - last];
  OB_TRY(ob_kernel_allocate(call, 0, rank, dims));
  ob_ref_strides(x->rank, x->dims, strides);
  size_t batches = ob_ref_product(x->dims, 0, b), inner = ob_ref_product(x->dims, inner_axis, x->rank);
  size_t picks = ob_ref_product(indices->dims, 0, last), a_batch = batches > 0 ? picks / batches : 0;
  for (size_t p = 0; p < picks; p++) {
    int64_t from = (int64_t)(p / a_batch * ob_ref_product(x->dims, b, x->rank));
    for (int32_t i = 0; i < depth; i++) {
      int64_t chosen;
      OB_TRY(ob_ref_index(indices, p * (size_t)depth + (size_t)i, b + i, x->dims[b + i], &chosen));
      from += chosen * strides[b + i];
    }
    ob_ref_copy(x->dtype, call->outputs[0]->data, p * inner, x->data, (size_t)from, inner);
  }
  return OB_OK;
}

const ob_kernel_t ob_ref_GatherND = {.op = "GatherND", .domain = "", .run = run};
