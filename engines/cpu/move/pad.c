/* Pad: constant, edge, reflect and wrap. Negative pads cut. */
#include <string.h>

#include "cpu/move/copy.h"

typedef enum pad_mode { CONSTANT, EDGE, REFLECT, WRAP } pad_mode_t;

typedef struct pads {
  int64_t before[OB_MAX_RANK];
} pads_t;

static pad_mode_t mode_of(const ob_kernel_call_t *call) {
  const char *mode = ob_kernel_string(call, "mode", "constant");
  return strcmp(mode, "edge") == 0 ? EDGE : strcmp(mode, "reflect") == 0 ? REFLECT : strcmp(mode, "wrap") == 0 ? WRAP : CONSTANT;
}

static ob_status_t read_pads(const ob_kernel_call_t *call, pads_t *pads) {
  const ob_tensor_t *x = call->inputs[0], *given = call->inputs[1];
  const bool has_axes = ob_cpu_has(call->node, 3);
  const size_t count = has_axes ? ob_tensor_count(call->inputs[3]) : (size_t)x->rank;
  memset(pads, 0, sizeof *pads);
  if (ob_tensor_count(given) != 2 * count) return ob_fail(OB_OUT_OF_RANGE, "%zu pads for %zu axes", ob_tensor_count(given), count);
  for (size_t i = 0; i < count; i++) {
    const int64_t axis = ob_cpu_axis(has_axes ? ob_cpu_index(call->inputs[3], i) : (int64_t)i, x->rank);
    if (axis < 0 || axis >= x->rank) return ob_fail(OB_OUT_OF_RANGE, "axis %lld of a tensor of rank %d", (long long)axis, (int)x->rank);
    pads->before[axis] = ob_cpu_index(given, i);
  }
  return OB_OK;
}

/* The whole output gets the value, then the inner part the input. */
static void pad_constant(const ob_kernel_call_t *call, const pads_t *pads) {
  const ob_tensor_t *x = call->inputs[0], *y = call->outputs[0];
  const size_t size = ob_cpu_size(x->dtype);
  int64_t strides[OB_MAX_RANK], targets[OB_MAX_RANK], from = 0, to = 0;
  static const uint64_t nothing[2] = {0, 0};
  ob_copy_plan_t plan = {.size = size};
  ob_copy_dim(&plan, (int64_t)ob_tensor_count(y), 0, 1);
  ob_copy_run(call, &plan, ob_cpu_has(call->node, 2) ? call->inputs[2]->data : nothing, y->data);
  plan = (ob_copy_plan_t){.size = size};
  ob_copy_strides(x->rank, x->dims, strides);
  ob_copy_strides(y->rank, y->dims, targets);
  for (int32_t i = 0; i < x->rank; i++) {
    const int64_t before = pads->before[i], skip = before < 0 ? -before : 0, start = before > 0 ? before : 0;
    int64_t length = x->dims[i] - skip;
    if (length > y->dims[i] - start) length = y->dims[i] - start;
    if (length <= 0) return;
    from += skip * strides[i];
    to += start * targets[i];
    ob_copy_dim(&plan, length, strides[i], targets[i]);
  }
  ob_copy_run(call, &plan, (const char *)x->data + from * (int64_t)size, (char *)y->data + to * (int64_t)size);
}

/* Which element of an axis of `size` stands at `i`, counted from the first of the input. */
static int64_t source_of(pad_mode_t mode, int64_t i, int64_t size) {
  if (mode == EDGE) return i < 0 ? 0 : i >= size ? size - 1 : i;
  if (mode == WRAP) return (i % size + size) % size;
  if (size == 1) return 0;
  const int64_t period = 2 * (size - 1), at = (i % period + period) % period;
  return at < size ? at : period - at;
}

static void pad_mirrored(const ob_kernel_call_t *call, const pads_t *pads, pad_mode_t mode) {
  const ob_tensor_t *x = call->inputs[0], *y = call->outputs[0];
  const size_t size = ob_cpu_size(x->dtype);
  const int32_t last = x->rank - 1;
  int64_t strides[OB_MAX_RANK], index[OB_MAX_RANK] = {0};
  ob_copy_strides(x->rank, x->dims, strides);
  const size_t rows = ob_tensor_count(y) / (size_t)y->dims[last];
  char *to = y->data;
  for (size_t row = 0; row < rows; row++) {
    int64_t offset = 0;
    for (int32_t i = 0; i < last; i++) offset += source_of(mode, index[i] - pads->before[i], x->dims[i]) * strides[i];
    const char *from = (const char *)x->data + offset * (int64_t)size;
    for (int64_t i = 0; i < y->dims[last]; i++, to += size)
      memcpy(to, from + source_of(mode, i - pads->before[last], x->dims[last]) * (int64_t)size, size);
    for (int32_t i = last - 1; i >= 0; i--) {
      if (++index[i] < y->dims[i]) break;
      index[i] = 0;
    }
  }
}

static ob_status_t run(const ob_kernel_call_t *call) {
  const ob_tensor_t *x = call->inputs[0], *y = call->outputs[0];
  const pad_mode_t mode = mode_of(call);
  pads_t pads;
  OB_TRY(read_pads(call, &pads));
  if (ob_tensor_count(y) == 0) return OB_OK;
  if (mode == CONSTANT || x->rank == 0) {
    pad_constant(call, &pads);
    return OB_OK;
  }
  if (ob_tensor_count(x) == 0) return ob_fail(OB_OUT_OF_RANGE, "an empty input has no edge to repeat");
  pad_mirrored(call, &pads, mode);
  return OB_OK;
}

const ob_kernel_t ob_cpu_kernel_Pad = {.op = "Pad", .domain = "", .supports = ob_cpu_takes_bytes, .run = run};
