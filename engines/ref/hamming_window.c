/* HammingWindow: 25/46 - 21/46 cos(2 pi n / N). */
#include <math.h>

#include "ref/support/element.h"

static ob_status_t run(const ob_kernel_call_t *call) {
  const ob_tensor_t *size = call->inputs[0];
  int64_t count = ob_ref_get_int(size->dtype, size->data, 0);
  if (count < 0) return ob_fail(OB_OUT_OF_RANGE, "size is %lld", (long long)count);
  OB_TRY(ob_kernel_allocate(call, 0, 1, &count));
  double period = (double)(ob_kernel_int(call, "periodic", 1) ? count : count - 1);
  for (int64_t i = 0; i < count; i++) {
    double x = period > 0 ? 6.283185307179586 * (double)i / period : 0;
    ob_ref_set(call->outputs[0]->dtype, call->outputs[0]->data, (size_t)i, 25.0 / 46 - 21.0 / 46 * cos(x));
  }
  return OB_OK;
}

const ob_kernel_t ob_ref_HammingWindow = {.op = "HammingWindow", .domain = "", .run = run};
