/* Tile: repeats a tensor along each axis. */
#include "ref/support/element.h"
#include "ref/support/shape.h"

static ob_status_t run(const ob_kernel_call_t *call) {
  const ob_tensor_t *x = call->inputs[0], *repeats = call->inputs[1];
  int64_t dims[OB_MAX_RANK], index[OB_MAX_RANK] = {0};
  if (ob_tensor_count(repeats) != (size_t)x->rank) return ob_fail(OB_OUT_OF_RANGE, "%zu repeats for rank %d", ob_tensor_count(repeats), (int)x->rank);
  for (int32_t i = 0; i < x->rank; i++) {
    int64_t times = ob_ref_get_int(repeats->dtype, repeats->data, (size_t)i);
    if (times < 0 || !ob_mul_i64(x->dims[i], times, &dims[i])) return ob_fail(OB_OUT_OF_RANGE, "axis %d repeats %lld times", (int)i, (long long)times);
  }
  OB_TRY(ob_kernel_allocate(call, 0, x->rank, dims));
  ob_tensor_t *y = call->outputs[0];
  for (size_t at = 0; at < ob_tensor_count(y); at++) {
    int64_t from = 0;
    for (int32_t i = 0; i < x->rank; i++) from = from * x->dims[i] + index[i] % x->dims[i];
    ob_ref_copy(y->dtype, y->data, at, x->data, (size_t)from, 1);
    ob_ref_next(y->rank, dims, index);
  }
  return OB_OK;
}

const ob_kernel_t ob_ref_Tile = {.op = "Tile", .domain = "", .run = run};
