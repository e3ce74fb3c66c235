/* CastLike: Cast to the type of the second input. */
#include "ref/support/cast.h"

static ob_status_t run(const ob_kernel_call_t *call) {
  return ob_ref_cast(call, call->inputs[0], call->outputs[0]);
}

const ob_kernel_t ob_ref_CastLike = {.op = "CastLike", .domain = "", .run = run};
