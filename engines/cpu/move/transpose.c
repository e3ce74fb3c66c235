/* Transpose, DepthToSpace and SpaceToDepth: permutations of dims. */
#include <string.h>

#include "cpu/move/copy.h"

/* The plan that writes dims[perm[0]], dims[perm[1]], ... row-major. */
static void permute(ob_copy_plan_t *plan, size_t size, int32_t rank, const int64_t *dims, const int64_t *perm) {
  int64_t strides[OB_MAX_RANK], to = 1;
  ob_copy_strides(rank, dims, strides);
  *plan = (ob_copy_plan_t){.rank = rank, .size = size};
  for (int32_t i = rank - 1; i >= 0; i--) {
    plan->dims[i] = dims[perm[i]];
    plan->from[i] = strides[perm[i]];
    plan->to[i] = to;
    to *= plan->dims[i];
  }
}

static ob_status_t run_transpose(const ob_kernel_call_t *call) {
  const ob_tensor_t *x = call->inputs[0];
  ob_copy_plan_t plan;
  int64_t reversed[OB_MAX_RANK];
  size_t count;
  const int64_t *perm = ob_kernel_ints(call, "perm", &count);
  for (int32_t i = 0; i < x->rank; i++) reversed[i] = x->rank - 1 - i;
  permute(&plan, ob_cpu_size(x->dtype), x->rank, x->dims, perm && count == (size_t)x->rank ? perm : reversed);
  ob_copy_run(call, &plan, x->data, call->outputs[0]->data);
  return OB_OK;
}

static ob_status_t run_depth_to_space(const ob_kernel_call_t *call) {
  const ob_tensor_t *x = call->inputs[0];
  const int64_t block = ob_kernel_int(call, "blocksize", 1);
  const bool column_row = strcmp(ob_kernel_string(call, "mode", "DCR"), "CRD") == 0;
  const int64_t n = x->dims[0], c = x->dims[1] / (block * block), h = x->dims[2], w = x->dims[3];
  const int64_t depth_first[6] = {n, block, block, c, h, w}, channel_first[6] = {n, c, block, block, h, w};
  static const int64_t from_depth[6] = {0, 3, 4, 1, 5, 2}, from_channel[6] = {0, 1, 4, 2, 5, 3};
  ob_copy_plan_t plan;
  permute(&plan, ob_cpu_size(x->dtype), 6, column_row ? channel_first : depth_first, column_row ? from_channel : from_depth);
  ob_copy_run(call, &plan, x->data, call->outputs[0]->data);
  return OB_OK;
}

static ob_status_t run_space_to_depth(const ob_kernel_call_t *call) {
  const ob_tensor_t *x = call->inputs[0];
  const int64_t block = ob_kernel_int(call, "blocksize", 1);
  const int64_t dims[6] = {x->dims[0], x->dims[1], x->dims[2] / block, block, x->dims[3] / block, block};
  const bool column_row = strcmp(ob_kernel_string(call, "mode", "DCR"), "CRD") == 0;
  static const int64_t depth_first[6] = {0, 3, 5, 1, 2, 4}, channel_first[6] = {0, 1, 3, 5, 2, 4};
  ob_copy_plan_t plan;
  permute(&plan, ob_cpu_size(x->dtype), 6, dims, column_row ? channel_first : depth_first);
  ob_copy_run(call, &plan, x->data, call->outputs[0]->data);
  return OB_OK;
}

const ob_kernel_t ob_cpu_kernel_Transpose = {.op = "Transpose", .domain = "", .supports = ob_cpu_takes_bytes, .run = run_transpose};
const ob_kernel_t ob_cpu_kernel_DepthToSpace = {
    .op = "DepthToSpace", .domain = "", .supports = ob_cpu_takes_bytes, .run = run_depth_to_space};
const ob_kernel_t ob_cpu_kernel_SpaceToDepth = {
    .op = "SpaceToDepth", .domain = "", .supports = ob_cpu_takes_bytes, .run = run_space_to_depth};
