/* Axes, strides and broadcasting: see shape.h. */
#include "ref/support/shape.h"

#include <string.h>

#include "ref/support/element.h"

ob_status_t ob_ref_axis(int64_t axis, int32_t rank, int32_t *normal) {
  *normal = 0;
  if (axis < -(int64_t)rank || axis >= rank)
    return ob_fail(OB_OUT_OF_RANGE, "axis %lld is outside of a tensor of rank %d", (long long)axis, (int)rank);
  *normal = (int32_t)(axis < 0 ? axis + rank : axis);
  return OB_OK;
}

size_t ob_ref_product(const int64_t *dims, int32_t begin, int32_t end) {
  size_t product = 1;
  for (int32_t i = begin; i < end; i++) product *= (size_t)dims[i];
  return product;
}

void ob_ref_strides(int32_t rank, const int64_t *dims, int64_t *strides) {
  int64_t stride = 1;
  for (int32_t i = rank; i-- > 0;) {
    strides[i] = stride;
    stride *= dims[i];
  }
}

bool ob_ref_next(int32_t rank, const int64_t *dims, int64_t *index) {
  for (int32_t i = rank; i-- > 0;) {
    if (++index[i] < dims[i]) return true;
    index[i] = 0;
  }
  return false;
}

static ob_status_t add_axis(int64_t axis, int32_t rank, int32_t *axes, int32_t *count) {
  int32_t normal;
  OB_TRY(ob_ref_axis(axis, rank, &normal));
  for (int32_t i = 0; i < *count; i++)
    if (axes[i] == normal) return ob_fail(OB_OUT_OF_RANGE, "axis %lld is given twice", (long long)axis);
  axes[(*count)++] = normal;
  return OB_OK;
}

ob_status_t ob_ref_axes(const ob_kernel_call_t *call, size_t input, const char *attribute, int32_t rank, int32_t axes[OB_MAX_RANK],
                        int32_t *count) {
  const ob_tensor_t *tensor = ob_ref_input(call, input);
  size_t stated = 0;
  const int64_t *ints = attribute ? ob_kernel_ints(call, attribute, &stated) : NULL;
  *count = 0;
  if (tensor)
    for (size_t i = 0; i < ob_tensor_count(tensor); i++) OB_TRY(add_axis(ob_ref_get_int(tensor->dtype, tensor->data, i), rank, axes, count));
  else
    for (size_t i = 0; i < stated; i++) OB_TRY(add_axis(ints[i], rank, axes, count));
  return OB_OK;
}

/* Strides of `tensor` seen with the shape `dims`: 0 where it repeats. */
static ob_status_t broadcast(const ob_tensor_t *tensor, int32_t rank, const int64_t *dims, int64_t *strides) {
  int32_t skip = rank - tensor->rank;
  int64_t own[OB_MAX_RANK];
  if (skip < 0) return ob_fail(OB_INVALID_ARGUMENT, "a tensor of rank %d does not broadcast to rank %d", (int)tensor->rank, (int)rank);
  ob_ref_strides(tensor->rank, tensor->dims, own);
  for (int32_t i = 0; i < rank; i++) {
    int64_t dim = i < skip ? 1 : tensor->dims[i - skip];
    if (dim != 1 && dim != dims[i])
      return ob_fail(OB_INVALID_ARGUMENT, "axis %d of %lld elements does not broadcast to %lld", (int)i, (long long)dim, (long long)dims[i]);
    strides[i] = i < skip || dim == 1 ? 0 : own[i - skip];
  }
  return OB_OK;
}

ob_status_t ob_ref_walk_begin(ob_ref_walk_t *walk, int32_t rank, const int64_t *dims, const ob_tensor_t *const *tensors, size_t count) {
  memset(walk, 0, sizeof *walk);
  walk->count = count;
  walk->row = rank > 0 ? (size_t)dims[rank - 1] : 1;
  walk->rank = rank > 0 ? rank - 1 : 0;
  for (int32_t i = 0; i < rank; i++) walk->done = walk->done || dims[i] == 0;
  if (walk->rank > 0) memcpy(walk->dims, dims, (size_t)walk->rank * sizeof *dims);
  for (size_t t = 0; t < count; t++) {
    OB_TRY(broadcast(tensors[t], rank, dims, walk->strides[t]));
    walk->steps[t] = rank > 0 ? walk->strides[t][rank - 1] : 0;
  }
  return OB_OK;
}

void ob_ref_walk_next(ob_ref_walk_t *walk) {
  for (int32_t i = walk->rank; i-- > 0;) {
    for (size_t t = 0; t < walk->count; t++) walk->offsets[t] += walk->strides[t][i];
    if (++walk->index[i] < walk->dims[i]) return;
    for (size_t t = 0; t < walk->count; t++) walk->offsets[t] -= walk->strides[t][i] * walk->dims[i];
    walk->index[i] = 0;
  }
  walk->done = true;
}

ob_status_t ob_ref_same_shape(const ob_tensor_t *a, const ob_tensor_t *b, const char *what) {
  bool same = a->rank == b->rank;
  for (int32_t i = 0; same && i < a->rank; i++) same = a->dims[i] == b->dims[i];
  return same ? OB_OK : ob_fail(OB_INVALID_ARGUMENT, "%s differ in shape", what);
}

ob_status_t ob_ref_reserve(ob_kernel_setup_t *setup, size_t count, size_t size, size_t *offset) {
  size_t bytes;
  if (!ob_align_size(setup->scratch_bytes, 64, offset) || !ob_mul_size(count, size, &bytes) ||
      !ob_add_size(*offset, bytes, &setup->scratch_bytes))
    return ob_fail(OB_OUT_OF_MEMORY, "scratch of %zu elements is too large", count);
  return OB_OK;
}
