/* Range: start, start + delta, ... before limit. */
#include <math.h>

#include "ref/support/element.h"

static ob_status_t reals(const ob_kernel_call_t *call) {
  const ob_tensor_t *a = call->inputs[0], *b = call->inputs[1], *c = call->inputs[2];
  double start = ob_ref_get(a->dtype, a->data, 0), limit = ob_ref_get(b->dtype, b->data, 0), delta = ob_ref_get(c->dtype, c->data, 0);
  double steps = ceil((limit - start) / delta);
  if (delta == 0 || !(fabs(steps) < 1e15)) return ob_fail(OB_OUT_OF_RANGE, "from %g to %g by %g", start, limit, delta);
  int64_t count = steps > 0 ? (int64_t)steps : 0;
  OB_TRY(ob_kernel_allocate(call, 0, 1, &count));
  for (int64_t i = 0; i < count; i++) ob_ref_set(call->outputs[0]->dtype, call->outputs[0]->data, (size_t)i, start + (double)i * delta);
  return OB_OK;
}

static ob_status_t integers(const ob_kernel_call_t *call) {
  const ob_tensor_t *a = call->inputs[0], *b = call->inputs[1], *c = call->inputs[2];
  int64_t start = ob_ref_get_int(a->dtype, a->data, 0), limit = ob_ref_get_int(b->dtype, b->data, 0), delta = ob_ref_get_int(c->dtype, c->data, 0);
  int64_t span, count = 0;
  if (delta == 0 || !ob_sub_i64(limit, start, &span) || delta == INT64_MIN)
    return ob_fail(OB_OUT_OF_RANGE, "from %lld to %lld by %lld", (long long)start, (long long)limit, (long long)delta);
  if (delta > 0 ? span > 0 : span < 0) count = span / delta + (span % delta != 0);
  OB_TRY(ob_kernel_allocate(call, 0, 1, &count));
  for (int64_t i = 0; i < count; i++) ob_ref_set_int(call->outputs[0]->dtype, call->outputs[0]->data, (size_t)i, start + i * delta);
  return OB_OK;
}

static ob_status_t run(const ob_kernel_call_t *call) { return ob_ref_is_real(call->inputs[0]->dtype) ? reals(call) : integers(call); }

const ob_kernel_t ob_ref_Range = {.op = "Range", .domain = "", .run = run};
