/* Concat and Split. */
#include "cpu/move/copy.h"

static ob_status_t run_concat(const ob_kernel_call_t *call) {
  const ob_tensor_t *y = call->outputs[0];
  const int64_t axis = ob_cpu_axis(ob_kernel_int(call, "axis", 0), y->rank);
  const ob_cpu_around_t whole = ob_cpu_around(y, axis, axis + 1);
  const size_t size = ob_cpu_size(y->dtype);
  char *to = y->data;
  for (size_t i = 0; i < call->node->input_count; i++) {
    const ob_tensor_t *x = call->inputs[i];
    const int64_t part = x->dims[axis] * (int64_t)whole.inner;
    ob_copy_plan_t plan = {.size = size};
    ob_copy_dim(&plan, (int64_t)whole.outer, part, (int64_t)(whole.axis * whole.inner));
    ob_copy_dim(&plan, part, 1, 1);
    ob_copy_run(call, &plan, x->data, to);
    to += (size_t)part * size;
  }
  return OB_OK;
}

static ob_status_t run_split(const ob_kernel_call_t *call) {
  const ob_tensor_t *x = call->inputs[0];
  const int64_t axis = ob_cpu_axis(ob_kernel_int(call, "axis", 0), x->rank);
  const ob_cpu_around_t whole = ob_cpu_around(x, axis, axis + 1);
  const size_t size = ob_cpu_size(x->dtype);
  const int64_t parts = (int64_t)call->node->output_count, each = parts > 0 ? (x->dims[axis] + parts - 1) / parts : 0;
  int64_t first = 0;
  for (int64_t i = 0; i < parts; i++) {
    const ob_tensor_t *y = call->outputs[i];
    int64_t length = each < x->dims[axis] - first ? each : x->dims[axis] - first;
    if (y)
      length = y->dims[axis];
    else if (ob_cpu_has(call->node, 1))
      length = ob_cpu_index(call->inputs[1], (size_t)i);
    const int64_t part = length * (int64_t)whole.inner;
    ob_copy_plan_t plan = {.size = size};
    ob_copy_dim(&plan, (int64_t)whole.outer, (int64_t)(whole.axis * whole.inner), part);
    ob_copy_dim(&plan, part, 1, 1);
    if (y) ob_copy_run(call, &plan, (const char *)x->data + (size_t)first * whole.inner * size, y->data);
    first += length;
  }
  return OB_OK;
}

const ob_kernel_t ob_cpu_kernel_Concat = {.op = "Concat", .domain = "", .supports = ob_cpu_takes_bytes, .run = run_concat};
const ob_kernel_t ob_cpu_kernel_Split = {.op = "Split", .domain = "", .supports = ob_cpu_takes_bytes, .run = run_split};
