/* RandomUniform: evenly distributed numbers of a given shape. */
#include "ref/support/element.h"
#include "ref/support/random.h"

static ob_status_t run(const ob_kernel_call_t *call) {
  ob_tensor_t *y = call->outputs[0];
  ob_ref_random_t random;
  ob_ref_random_begin(&random, call);
  double low = (double)ob_kernel_float(call, "low", 0), high = (double)ob_kernel_float(call, "high", 1);
  for (size_t i = 0; i < ob_tensor_count(y); i++) ob_ref_set(y->dtype, y->data, i, low + (high - low) * ob_ref_random_real(&random));
  return OB_OK;
}

const ob_kernel_t ob_ref_RandomUniform = {.op = "RandomUniform", .domain = "", .run = run};
