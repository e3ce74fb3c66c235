/* Gather, GatherElements, GatherND. Indices may count from the end; others outside the axis are errors. */
#include <string.h>

#include "cpu/move/copy.h"

static ob_status_t out_of_range(int64_t index, int64_t size) {
  return ob_fail(OB_OUT_OF_RANGE, "index %lld is outside an axis of %lld", (long long)index, (long long)size);
}

/* All indices, before anything is read: the loops over threads can't fail. */
static ob_status_t check_indices(const ob_tensor_t *indices, int64_t size) {
  const size_t count = ob_tensor_count(indices);
  for (size_t i = 0; i < count; i++) {
    const int64_t index = ob_cpu_index(indices, i);
    if (index < -size || index >= size) return out_of_range(index, size);
  }
  return OB_OK;
}

typedef struct gather {
  const ob_tensor_t *indices;
  const char *from;
  char *to;
  size_t size, count; /* bytes of an element, indices */
  ob_cpu_around_t around;
} gather_t;

/* Rows [begin, end) of outer x indices. */
static void gather_rows(void *arg, size_t piece, size_t begin, size_t end) {
  const gather_t *g = arg;
  const size_t bytes = g->around.inner * g->size;
  (void)piece;
  for (size_t row = begin; row < end; row++) {
    const size_t outer = row / g->count;
    int64_t index = ob_cpu_index(g->indices, row % g->count);
    if (index < 0) index += (int64_t)g->around.axis;
    memcpy(g->to + row * bytes, g->from + (outer * g->around.axis + (size_t)index) * bytes, bytes);
  }
}

static ob_status_t run_gather(const ob_kernel_call_t *call) {
  const ob_tensor_t *x = call->inputs[0], *y = call->outputs[0];
  const int64_t axis = ob_cpu_axis(ob_kernel_int(call, "axis", 0), x->rank);
  gather_t g = {.indices = call->inputs[1], .from = x->data, .to = y->data, .size = ob_cpu_size(x->dtype)};
  g.around = ob_cpu_around(x, axis, axis + 1);
  g.count = ob_tensor_count(g.indices);
  if (ob_tensor_count(y) == 0) return OB_OK;
  OB_TRY(check_indices(g.indices, x->dims[axis]));
  ob_cpu_split(call->host, call->threads, g.around.outer * g.count, ob_cpu_row_grain(g.around.inner), gather_rows, &g);
  return OB_OK;
}

static ob_status_t run_gather_elements(const ob_kernel_call_t *call) {
  const ob_tensor_t *x = call->inputs[0], *indices = call->inputs[1], *y = call->outputs[0];
  const int64_t axis = ob_cpu_axis(ob_kernel_int(call, "axis", 0), x->rank);
  const size_t size = ob_cpu_size(x->dtype), count = ob_tensor_count(y);
  int64_t strides[OB_MAX_RANK], at[OB_MAX_RANK] = {0};
  ob_copy_strides(x->rank, x->dims, strides);
  if (count == 0) return OB_OK;
  OB_TRY(check_indices(indices, x->dims[axis]));
  for (size_t i = 0; i < count; i++) {
    int64_t offset = 0, index = ob_cpu_index(indices, i);
    if (index < 0) index += x->dims[axis];
    for (int32_t d = 0; d < x->rank; d++) offset += (d == axis ? index : at[d]) * strides[d];
    memcpy((char *)y->data + i * size, (const char *)x->data + (size_t)offset * size, size);
    for (int32_t d = x->rank - 1; d >= 0; d--) {
      if (++at[d] < y->dims[d]) break;
      at[d] = 0;
    }
  }
  return OB_OK;
}

static ob_status_t run_gather_nd(const ob_kernel_call_t *call) {
  const ob_tensor_t *x = call->inputs[0], *indices = call->inputs[1], *y = call->outputs[0];
  const int64_t batch_dims = ob_kernel_int(call, "batch_dims", 0);
  const int64_t depth = indices->dims[indices->rank - 1];
  const size_t size = ob_cpu_size(x->dtype);
  const ob_cpu_around_t around = ob_cpu_around(x, batch_dims, batch_dims + depth);
  const size_t tuples = depth == 0 ? 0 : ob_tensor_count(indices) / (size_t)depth, bytes = around.inner * size;
  if (ob_tensor_count(y) == 0) return OB_OK;
  if (depth == 0) return ob_fail(OB_OUT_OF_RANGE, "the index tuples are empty");
  const size_t each = tuples / around.outer;
  for (size_t t = 0; t < tuples; t++) {
    size_t offset = t / each;
    for (int64_t d = 0; d < depth; d++) {
      const int64_t extent = x->dims[batch_dims + d];
      int64_t index = ob_cpu_index(indices, t * (size_t)depth + (size_t)d);
      if (index < -extent || index >= extent) return out_of_range(index, extent);
      offset = offset * (size_t)extent + (size_t)(index < 0 ? index + extent : index);
    }
    memcpy((char *)y->data + t * bytes, (const char *)x->data + offset * bytes, bytes);
  }
  return OB_OK;
}

const ob_kernel_t ob_cpu_kernel_Gather = {.op = "Gather", .domain = "", .supports = ob_cpu_takes_bytes, .run = run_gather};
const ob_kernel_t ob_cpu_kernel_GatherElements = {
    .op = "GatherElements", .domain = "", .supports = ob_cpu_takes_bytes, .run = run_gather_elements};
const ob_kernel_t ob_cpu_kernel_GatherND = {.op = "GatherND", .domain = "", .supports = ob_cpu_takes_bytes, .run = run_gather_nd};
