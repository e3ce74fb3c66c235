/* Cast: the same numbers as another type. Reals are cut towards zero on their way to integers; what is out of range
 * loses its high bits, as integers do; everything that is not 0 becomes true. */
#include "ref/support/cast.h"

static ob_status_t run(const ob_kernel_call_t *call) {
  return ob_ref_cast(call, call->inputs[0], call->outputs[0]);
}

const ob_kernel_t ob_ref_Cast = {.op = "Cast", .domain = "", .run = run};
