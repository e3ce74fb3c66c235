/* Expand and Tile: copies with strides of zero. */
#include "cpu/move/copy.h"

static ob_status_t run_expand(const ob_kernel_call_t *call) {
  const ob_tensor_t *x = call->inputs[0], *y = call->outputs[0];
  int64_t strides[OB_MAX_RANK], targets[OB_MAX_RANK];
  ob_copy_plan_t plan = {.size = ob_cpu_size(x->dtype)};
  ob_copy_strides(x->rank, x->dims, strides);
  ob_copy_strides(y->rank, y->dims, targets);
  for (int32_t i = 0; i < y->rank; i++) {
    const int32_t own = i - (y->rank - x->rank);
    ob_copy_dim(&plan, y->dims[i], own >= 0 && x->dims[own] != 1 ? strides[own] : 0, targets[i]);
  }
  ob_copy_run(call, &plan, x->data, y->data);
  return OB_OK;
}

/* Each axis is walked as repeats x size. */
static ob_status_t run_tile(const ob_kernel_call_t *call) {
  const ob_tensor_t *x = call->inputs[0], *y = call->outputs[0];
  int64_t strides[OB_MAX_RANK], targets[OB_MAX_RANK];
  ob_copy_plan_t plan = {.size = ob_cpu_size(x->dtype)};
  ob_copy_strides(x->rank, x->dims, strides);
  ob_copy_strides(y->rank, y->dims, targets);
  if (ob_tensor_count(y) == 0) return OB_OK;
  for (int32_t i = 0; i < y->rank; i++) {
    ob_copy_dim(&plan, y->dims[i] / x->dims[i], 0, targets[i] * x->dims[i]);
    ob_copy_dim(&plan, x->dims[i], strides[i], targets[i]);
  }
  ob_copy_run(call, &plan, x->data, y->data);
  return OB_OK;
}

/* A plan has two dims for each axis. */
static bool tile_supports(const ob_region_view_t *region, const ob_node_view_t *node, char *reason, size_t size) {
  if (node->inputs[0]->rank > OB_MAX_RANK / 2) return ob_cpu_refuse(node, reason, size, "rank %d", (int)node->inputs[0]->rank);
  return ob_cpu_takes_bytes(region, node, reason, size);
}

const ob_kernel_t ob_cpu_kernel_Expand = {.op = "Expand", .domain = "", .supports = ob_cpu_takes_bytes, .run = run_expand};
const ob_kernel_t ob_cpu_kernel_Tile = {.op = "Tile", .domain = "", .supports = tile_supports, .run = run_tile};
