/* CumSum along any axis. */
#include <string.h>

#include "cpu/cpu.h"

#define CUMSUM(T, name)                                                                                        \
  static void cumsum_##name(const void *in, void *out, ob_cpu_around_t around, bool exclusive, bool reverse) { \
    const size_t inner = around.inner, count = around.axis;                                                    \
    for (size_t o = 0; o < around.outer; o++) {                                                                \
      const T *x = (const T *)in + o * count * inner;                                                          \
      T *y = (T *)out + o * count * inner;                                                                     \
      for (size_t s = 0; s < count; s++) {                                                                     \
        const size_t k = reverse ? count - 1 - s : s, before = reverse ? k + 1 : k - 1;                        \
        for (size_t i = 0; i < inner; i++) {                                                                   \
          const T sum = s == 0 ? (T)0 : y[before * inner + i];                                                 \
          const T next = s == 0 && exclusive ? (T)0 : exclusive ? x[before * inner + i] : x[k * inner + i];    \
          y[k * inner + i] = (T)(sum + next);                                                                  \
        }                                                                                                      \
      }                                                                                                        \
    }                                                                                                          \
  }
CUMSUM(float, f32)
CUMSUM(double, f64)
/* as unsigned, so that overflow wraps around */
CUMSUM(uint32_t, u32)
CUMSUM(uint64_t, u64)

static ob_status_t run(const ob_kernel_call_t *call) {
  const ob_tensor_t *x = call->inputs[0];
  const int64_t axis = ob_cpu_axis(ob_cpu_index(call->inputs[1], 0), x->rank);
  if (axis < 0 || axis >= x->rank) return ob_fail(OB_OUT_OF_RANGE, "axis %lld of a tensor of rank %d", (long long)axis, (int)x->rank);
  const bool exclusive = ob_kernel_int(call, "exclusive", 0) != 0, reverse = ob_kernel_int(call, "reverse", 0) != 0;
  void (*sum)(const void *, void *, ob_cpu_around_t, bool, bool) = x->dtype == OB_FLOAT32   ? cumsum_f32
                                                                   : x->dtype == OB_FLOAT64 ? cumsum_f64
                                                                   : ob_cpu_size(x->dtype) == 4 ? cumsum_u32
                                                                                                : cumsum_u64;
  sum(x->data, call->outputs[0]->data, ob_cpu_around(x, axis, axis + 1), exclusive, reverse);
  return OB_OK;
}

static bool supports(const ob_region_view_t *region, const ob_node_view_t *node, char *reason, size_t size) {
  (void)region;
  return ob_cpu_takes(node,
                      OB_DTYPE_BIT(OB_FLOAT32) | OB_DTYPE_BIT(OB_FLOAT64) | OB_DTYPE_BIT(OB_INT32) | OB_DTYPE_BIT(OB_INT64) |
                          OB_DTYPE_BIT(OB_UINT32) | OB_DTYPE_BIT(OB_UINT64),
                      reason, size);
}

const ob_kernel_t ob_cpu_kernel_CumSum = {.op = "CumSum", .domain = "", .supports = supports, .run = run};
