/* Operators whose output has the bytes of input 0. The kit makes no copy where it can; these copy where it must. */
#include <string.h>

#include "cpu/cpu.h"

static ob_status_t run(const ob_kernel_call_t *call) {
  const ob_tensor_t *x = call->inputs[0], *y = call->outputs[0];
  const size_t bytes = ob_tensor_count(y) * ob_cpu_size(y->dtype);
  if (bytes > 0 && y->data != x->data) memmove(y->data, x->data, bytes);
  return OB_OK;
}

/* Inference mode: the mask is not wanted, and nothing says that this is training. */
static bool dropout_is_identity(const ob_region_view_t *region, const ob_node_view_t *node, char *reason, size_t size) {
  if (node->output_count > 1 && node->outputs[1]) return ob_cpu_refuse(node, reason, size, "the mask is wanted");
  if (ob_cpu_has(node, 2)) {
    const ob_value_view_t *training = node->inputs[2];
    if (!training->constant || *(const uint8_t *)training->constant != 0)
      return ob_cpu_refuse(node, reason, size, "training mode is not known to be off");
  }
  return ob_cpu_takes_bytes(region, node, reason, size);
}

#define VIEW(name, check)                                                                                                 \
  const ob_kernel_t ob_cpu_kernel_##name = {.op = #name, .domain = "", .view = true, .supports = check, .run = run};
VIEW(Identity, ob_cpu_takes_bytes)
VIEW(Reshape, ob_cpu_takes_bytes)
VIEW(Flatten, ob_cpu_takes_bytes)
VIEW(Squeeze, ob_cpu_takes_bytes)
VIEW(Unsqueeze, ob_cpu_takes_bytes)
VIEW(Dropout, dropout_is_identity)
