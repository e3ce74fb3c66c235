/* Slice. */
#include "cpu/move/copy.h"

/* Element i of an optional operand. */
static int64_t operand(const ob_kernel_call_t *call, size_t input, size_t i, int64_t fallback) {
  return ob_cpu_has(call->node, input) ? ob_cpu_index(call->inputs[input], i) : fallback;
}

/* Where a slice of an axis of `size` begins: negative starts count from the end, all are clamped to the axis. */
static int64_t first_of(int64_t start, int64_t size, int64_t step) {
  if (start < 0) start += size;
  const int64_t most = step > 0 ? size : size - 1;
  return start < 0 ? 0 : start > most ? most : start;
}

static ob_status_t run(const ob_kernel_call_t *call) {
  const ob_tensor_t *x = call->inputs[0], *y = call->outputs[0], *starts = call->inputs[1];
  int64_t strides[OB_MAX_RANK], targets[OB_MAX_RANK], offset = 0;
  ob_copy_plan_t plan = {.size = ob_cpu_size(x->dtype)};
  ob_copy_strides(x->rank, x->dims, strides);
  ob_copy_strides(y->rank, y->dims, targets);
  for (int32_t i = 0; i < x->rank; i++) ob_copy_dim(&plan, y->dims[i], strides[i], targets[i]);
  for (size_t i = 0; i < ob_tensor_count(starts); i++) {
    const int64_t axis = ob_cpu_axis(operand(call, 3, i, (int64_t)i), x->rank), step = operand(call, 4, i, 1);
    if (axis < 0 || axis >= x->rank) return ob_fail(OB_OUT_OF_RANGE, "axis %lld of a tensor of rank %d", (long long)axis, (int)x->rank);
    if (step == 0) return ob_fail(OB_OUT_OF_RANGE, "the step of axis %lld is 0", (long long)axis);
    if (y->dims[axis] == 0) return OB_OK;
    offset += first_of(ob_cpu_index(starts, i), x->dims[axis], step) * strides[axis];
    plan.from[axis] = strides[axis] * step;
  }
  ob_copy_run(call, &plan, (const char *)x->data + offset * (int64_t)plan.size, y->data);
  return OB_OK;
}

const ob_kernel_t ob_cpu_kernel_Slice = {.op = "Slice", .domain = "", .supports = ob_cpu_takes_bytes, .run = run};
