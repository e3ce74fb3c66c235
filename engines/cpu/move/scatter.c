/* ScatterElements and ScatterND: a copy of the data, then updates in order. */
#include <string.h>

#include "cpu/move/copy.h"

/* to = to op update, for rows of n floats; NULL op: a plain copy. */
typedef void (*combine_t)(float *to, const float *from, size_t n);
#define COMBINE(name, expression)                                    \
  static void combine_##name(float *to, const float *from, size_t n) { \
    for (size_t i = 0; i < n; i++) to[i] = expression;                \
  }
COMBINE(add, to[i] + from[i])
COMBINE(mul, to[i] *from[i])
COMBINE(max, to[i] > from[i] || to[i] != to[i] ? to[i] : from[i])
COMBINE(min, to[i] < from[i] || to[i] != to[i] ? to[i] : from[i])

static combine_t find_combine(const char *name) {
  static const struct {
    const char *name;
    combine_t combine;
  } known[] = {{"add", combine_add}, {"mul", combine_mul}, {"max", combine_max}, {"min", combine_min}};
  for (size_t i = 0; i < sizeof known / sizeof *known; i++)
    if (strcmp(known[i].name, name) == 0) return known[i].combine;
  return NULL;
}

static void put(combine_t combine, char *to, const char *from, size_t n, size_t size) {
  if (combine)
    combine((float *)(void *)to, (const float *)(const void *)from, n);
  else
    memcpy(to, from, n * size);
}

static void copy_data(const ob_kernel_call_t *call) {
  const ob_tensor_t *x = call->inputs[0], *y = call->outputs[0];
  const size_t bytes = ob_tensor_count(x) * ob_cpu_size(x->dtype);
  if (bytes > 0 && x->data != y->data) memcpy(y->data, x->data, bytes);
}

static ob_status_t out_of_range(int64_t index, int64_t size) {
  return ob_fail(OB_OUT_OF_RANGE, "index %lld is outside an axis of %lld", (long long)index, (long long)size);
}

static ob_status_t run_elements(const ob_kernel_call_t *call) {
  const ob_tensor_t *x = call->inputs[0], *indices = call->inputs[1], *updates = call->inputs[2], *y = call->outputs[0];
  const int64_t axis = ob_cpu_axis(ob_kernel_int(call, "axis", 0), x->rank);
  const combine_t combine = find_combine(ob_kernel_string(call, "reduction", "none"));
  const size_t size = ob_cpu_size(x->dtype), count = ob_tensor_count(indices);
  int64_t strides[OB_MAX_RANK], at[OB_MAX_RANK] = {0};
  ob_copy_strides(x->rank, x->dims, strides);
  copy_data(call);
  for (size_t i = 0; i < count; i++) {
    int64_t index = ob_cpu_index(indices, i), offset = 0;
    if (index < -x->dims[axis] || index >= x->dims[axis]) return out_of_range(index, x->dims[axis]);
    if (index < 0) index += x->dims[axis];
    for (int32_t d = 0; d < x->rank; d++) offset += (d == axis ? index : at[d]) * strides[d];
    put(combine, (char *)y->data + (size_t)offset * size, (const char *)updates->data + i * size, 1, size);
    for (int32_t d = x->rank - 1; d >= 0; d--) {
      if (++at[d] < indices->dims[d]) break;
      at[d] = 0;
    }
  }
  return OB_OK;
}

static ob_status_t run_nd(const ob_kernel_call_t *call) {
  const ob_tensor_t *x = call->inputs[0], *indices = call->inputs[1], *updates = call->inputs[2], *y = call->outputs[0];
  const combine_t combine = find_combine(ob_kernel_string(call, "reduction", "none"));
  const int64_t depth = indices->dims[indices->rank - 1];
  const ob_cpu_around_t around = ob_cpu_around(x, 0, depth);
  const size_t size = ob_cpu_size(x->dtype);
  const ob_cpu_around_t tuples = ob_cpu_around(indices, 0, indices->rank - 1);
  copy_data(call);
  for (size_t t = 0; t < tuples.axis; t++) {
    size_t offset = 0;
    for (int64_t d = 0; d < depth; d++) {
      const int64_t index = ob_cpu_index(indices, t * (size_t)depth + (size_t)d);
      if (index < -x->dims[d] || index >= x->dims[d]) return out_of_range(index, x->dims[d]);
      offset = offset * (size_t)x->dims[d] + (size_t)(index < 0 ? index + x->dims[d] : index);
    }
    put(combine, (char *)y->data + offset * around.inner * size, (const char *)updates->data + t * around.inner * size, around.inner, size);
  }
  return OB_OK;
}

static ob_status_t prepare(ob_kernel_setup_t *setup) {
  setup->in_place = 0;
  return OB_OK;
}

static bool supports(const ob_region_view_t *region, const ob_node_view_t *node, char *reason, size_t size) {
  const char *reduction = ob_node_text(node, "reduction", "none");
  if (strcmp(reduction, "none") != 0 && node->inputs[0]->dtype != OB_FLOAT32)
    return ob_cpu_refuse(node, reason, size, "reduction %s of %s", reduction, ob_dtype_name(node->inputs[0]->dtype));
  return ob_cpu_takes_bytes(region, node, reason, size);
}

const ob_kernel_t ob_cpu_kernel_ScatterElements = {
    .op = "ScatterElements", .domain = "", .supports = supports, .prepare = prepare, .run = run_elements};
const ob_kernel_t ob_cpu_kernel_ScatterND = {.op = "ScatterND", .domain = "", .supports = supports, .prepare = prepare, .run = run_nd};
