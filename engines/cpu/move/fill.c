/* Operators that make tensors from little: Shape, Size, ConstantOfShape, Range, Trilu, OneHot, EyeLike. */
#include <string.h>

#include "cpu/move/copy.h"

static ob_status_t run_shape(const ob_kernel_call_t *call) {
  const ob_tensor_t *x = call->inputs[0], *y = call->outputs[0];
  int64_t start = ob_kernel_int(call, "start", 0);
  if (start < 0) start += x->rank;
  if (start < 0) start = 0;
  int64_t *to = y->data;
  for (int64_t i = 0; i < y->dims[0] && start + i < x->rank; i++) to[i] = x->dims[start + i];
  return OB_OK;
}

static ob_status_t run_size(const ob_kernel_call_t *call) {
  *(int64_t *)call->outputs[0]->data = (int64_t)ob_tensor_count(call->inputs[0]);
  return OB_OK;
}

static ob_status_t run_constant_of_shape(const ob_kernel_call_t *call) {
  const ob_tensor_t *y = call->outputs[0];
  const ob_attribute_view_t *value = ob_node_attribute(call->node, "value");
  static const float zero = 0.0f;
  ob_copy_plan_t plan = {.size = ob_cpu_size(y->dtype)};
  ob_copy_dim(&plan, (int64_t)ob_tensor_count(y), 0, 1);
  ob_copy_run(call, &plan, value && value->tensor ? value->tensor->data : &zero, y->data);
  return OB_OK;
}

#define RANGE(T, name)                                                                                        \
  static void range_##name(const ob_tensor_t *const *in, void *out, size_t n) {                               \
    const T start = *(const T *)in[0]->data, delta = *(const T *)in[2]->data;                                 \
    T *y = out;                                                                                               \
    for (size_t i = 0; i < n; i++) y[i] = (T)(start + (T)i * delta);                                          \
  }
RANGE(float, f32)
RANGE(double, f64)
#undef RANGE
/* Integers wrap around rather than overflow. */
#define RANGE(T, name)                                                                                        \
  static void range_##name(const ob_tensor_t *const *in, void *out, size_t n) {                               \
    const uint64_t start = (uint64_t)*(const T *)in[0]->data, delta = (uint64_t)*(const T *)in[2]->data;      \
    T *y = out;                                                                                               \
    for (size_t i = 0; i < n; i++) y[i] = (T)(start + i * delta);                                             \
  }
RANGE(int16_t, i16)
RANGE(int32_t, i32)
RANGE(int64_t, i64)

static ob_status_t run_range(const ob_kernel_call_t *call) {
  const ob_tensor_t *y = call->outputs[0];
  void (*fill)(const ob_tensor_t *const *, void *, size_t) = y->dtype == OB_FLOAT32   ? range_f32
                                                             : y->dtype == OB_FLOAT64 ? range_f64
                                                             : y->dtype == OB_INT16   ? range_i16
                                                             : y->dtype == OB_INT32   ? range_i32
                                                                                      : range_i64;
  fill(call->inputs, y->data, ob_tensor_count(y));
  return OB_OK;
}

static bool range_supports(const ob_region_view_t *region, const ob_node_view_t *node, char *reason, size_t size) {
  const ob_value_view_t *y = node->outputs[0];
  (void)region;
  if (y->rank != 1) return ob_cpu_refuse(node, reason, size, "the length is known only at run time");
  const uint64_t types = OB_DTYPE_BIT(OB_FLOAT32) | OB_DTYPE_BIT(OB_FLOAT64) | OB_DTYPE_BIT(OB_INT16) | OB_DTYPE_BIT(OB_INT32) | OB_DTYPE_BIT(OB_INT64);
  return ob_cpu_takes(node, types, reason, size);
}

static int64_t clamp(int64_t x, int64_t low, int64_t high) { return x < low ? low : x > high ? high : x; }

static ob_status_t run_trilu(const ob_kernel_call_t *call) {
  const ob_tensor_t *x = call->inputs[0], *y = call->outputs[0];
  const bool upper = ob_kernel_int(call, "upper", 1) != 0;
  const int64_t rows = x->dims[x->rank - 2], columns = x->dims[x->rank - 1];
  const int64_t k = clamp(ob_cpu_has(call->node, 1) ? ob_cpu_index(call->inputs[1], 0) : 0, -rows, columns);
  const size_t size = ob_cpu_size(x->dtype), all = ob_tensor_count(x);
  for (size_t row = 0; all > 0 && row < all / (size_t)columns; row++) {
    const int64_t diagonal = (int64_t)(row % (size_t)rows) + k; /* its column in this row */
    const size_t first = upper ? (size_t)clamp(diagonal, 0, columns) : 0;
    const size_t end = upper ? (size_t)columns : (size_t)clamp(diagonal + 1, 0, columns);
    const size_t at = row * (size_t)columns * size;
    char *to = (char *)y->data + at;
    memset(to, 0, first * size);
    memcpy(to + first * size, (const char *)x->data + at + first * size, (end - first) * size);
    memset(to + end * size, 0, ((size_t)columns - end) * size);
  }
  return OB_OK;
}

static int64_t index_of(const ob_tensor_t *tensor, size_t i) {
  return tensor->dtype == OB_FLOAT32 ? (int64_t)((const float *)tensor->data)[i] : ob_cpu_index(tensor, i);
}

static ob_status_t run_one_hot(const ob_kernel_call_t *call) {
  const ob_tensor_t *indices = call->inputs[0], *values = call->inputs[2], *y = call->outputs[0];
  const int64_t axis = ob_cpu_axis(ob_kernel_int(call, "axis", -1), y->rank);
  const ob_cpu_around_t around = ob_cpu_around(y, axis, axis + 1);
  const size_t size = ob_cpu_size(y->dtype), count = ob_tensor_count(indices);
  const char *on = (const char *)values->data + size;
  ob_copy_fill(y->data, values->data, ob_tensor_count(y), size);
  for (size_t i = 0; i < count; i++) {
    int64_t index = index_of(indices, i);
    if (index < 0) index += (int64_t)around.axis;
    if (index < 0 || index >= (int64_t)around.axis) continue; /* stays off, as ONNX has it */
    const size_t at = (i / around.inner * around.axis + (size_t)index) * around.inner + i % around.inner;
    memcpy((char *)y->data + at * size, on, size);
  }
  return OB_OK;
}

static bool one_hot_supports(const ob_region_view_t *region, const ob_node_view_t *node, char *reason, size_t size) {
  const ob_dtype_t dtype = node->inputs[0]->dtype;
  if (dtype != OB_INT32 && dtype != OB_INT64 && dtype != OB_FLOAT32)
    return ob_cpu_refuse(node, reason, size, "indices of type %s", ob_dtype_name(dtype));
  return ob_cpu_takes_bytes(region, node, reason, size);
}

#define FILL(name, check, function) \
  const ob_kernel_t ob_cpu_kernel_##name = {.op = #name, .domain = "", .supports = check, .run = function};
FILL(Shape, ob_cpu_takes_bytes, run_shape)
FILL(Size, ob_cpu_takes_bytes, run_size)
FILL(ConstantOfShape, ob_cpu_takes_bytes, run_constant_of_shape)
FILL(Range, range_supports, run_range)
FILL(Trilu, ob_cpu_takes_bytes, run_trilu)
FILL(OneHot, one_hot_supports, run_one_hot)
