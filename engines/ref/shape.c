/* Shape: the dims [start, end) of a tensor as a 1-D int64 tensor; negative bounds count from the back, all are clamped. */
#include "ref/support/element.h"
#include "ref/support/shape.h"

static int64_t clamp(int64_t bound, int32_t rank) {
  if (bound < 0) bound += rank;
  return bound < 0 ? 0 : bound > rank ? rank : bound;
}

static ob_status_t run(const ob_kernel_call_t *call) {
  const ob_tensor_t *x = call->inputs[0];
  int64_t start = clamp(ob_kernel_int(call, "start", 0), x->rank), end = clamp(ob_kernel_int(call, "end", x->rank), x->rank);
  int64_t count = end > start ? end - start : 0;
  OB_TRY(ob_kernel_allocate(call, 0, 1, &count));
  ob_ref_store_int(OB_INT64, call->outputs[0]->data, 0, (size_t)count, x->dims + start);
  return OB_OK;
}

const ob_kernel_t ob_ref_Shape = {.op = "Shape", .domain = "", .run = run};
