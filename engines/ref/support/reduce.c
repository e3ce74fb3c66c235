/* Walks over reduced axes: see reduce.h. */
#include "ref/support/reduce.h"

/* The axes of a call, split: those that stay and those that go. */
typedef struct split {
  bool reduced[OB_MAX_RANK];
  int32_t kept, gone;
  int64_t kept_dims[OB_MAX_RANK], kept_strides[OB_MAX_RANK], gone_dims[OB_MAX_RANK], gone_strides[OB_MAX_RANK];
  bool empty; /* nothing to take: some reduced axis has no elements */
} split_t;

static ob_status_t find_axes(const ob_kernel_call_t *call, const ob_tensor_t *x, split_t *split) {
  int32_t axes[OB_MAX_RANK], count;
  *split = (split_t){.kept = 0};
  OB_TRY(ob_ref_axes(call, 1, "axes", x->rank, axes, &count));
  bool all = count == 0 && ob_kernel_int(call, "noop_with_empty_axes", 0) == 0;
  for (int32_t i = 0; i < x->rank; i++) split->reduced[i] = all;
  for (int32_t i = 0; i < count; i++) split->reduced[axes[i]] = true;
  return OB_OK;
}

static void split_axes(const ob_tensor_t *x, split_t *split) {
  int64_t strides[OB_MAX_RANK];
  ob_ref_strides(x->rank, x->dims, strides);
  for (int32_t i = 0; i < x->rank; i++) {
    if (split->reduced[i]) {
      split->empty = split->empty || x->dims[i] == 0;
      split->gone_dims[split->gone] = x->dims[i];
      split->gone_strides[split->gone++] = strides[i];
    } else {
      split->kept_dims[split->kept] = x->dims[i];
      split->kept_strides[split->kept++] = strides[i];
    }
  }
}

static ob_status_t allocate(const ob_kernel_call_t *call, const ob_tensor_t *x, const split_t *split) {
  bool keep = ob_kernel_int(call, "keepdims", 1) != 0;
  int64_t dims[OB_MAX_RANK];
  int32_t rank = 0;
  for (int32_t i = 0; i < x->rank; i++)
    if (!split->reduced[i] || keep) dims[rank++] = split->reduced[i] ? 1 : x->dims[i];
  return ob_kernel_allocate(call, 0, rank, dims);
}

static size_t offset_of(int32_t rank, const int64_t *strides, const int64_t *index) {
  int64_t offset = 0;
  for (int32_t i = 0; i < rank; i++) offset += strides[i] * index[i];
  return (size_t)offset;
}

/* One result: all elements from `base` on. */
static ob_ref_sum_t reduce_one(const ob_tensor_t *x, const split_t *split, const ob_ref_reduction_t *r, size_t base) {
  ob_ref_sum_t sum = {0};
  int64_t index[OB_MAX_RANK] = {0};
  bool real = ob_ref_is_real(x->dtype) || !r->integer;
  if (r->begin) r->begin(x->dtype, &sum);
  if (split->empty) return sum;
  do {
    size_t at = base + offset_of(split->gone, split->gone_strides, index);
    if (real)
      r->real(&sum, ob_ref_get(x->dtype, x->data, at));
    else
      r->integer(&sum, ob_ref_get_int(x->dtype, x->data, at));
    sum.count++;
  } while (ob_ref_next(split->gone, split->gone_dims, index));
  return sum;
}

ob_status_t ob_ref_reduce(const ob_kernel_call_t *call, const ob_ref_reduction_t *r) {
  const ob_tensor_t *x = call->inputs[0];
  split_t split;
  int64_t index[OB_MAX_RANK] = {0};
  OB_TRY(find_axes(call, x, &split));
  OB_TRY(allocate(call, x, &split));
  split_axes(x, &split);
  ob_tensor_t *y = call->outputs[0];
  bool real = ob_ref_is_real(x->dtype) || !r->integer;
  for (size_t at = 0; at < ob_tensor_count(y); at++) {
    ob_ref_sum_t sum = reduce_one(x, &split, r, offset_of(split.kept, split.kept_strides, index));
    if (real)
      ob_ref_set(y->dtype, y->data, at, r->finish ? r->finish(&sum) : sum.real);
    else
      ob_ref_set_int(y->dtype, y->data, at, sum.integer);
    ob_ref_next(split.kept, split.kept_dims, index);
  }
  return OB_OK;
}
