/* Bernoulli: 1 with the probability that the input says, else 0. */
#include "ref/support/element.h"
#include "ref/support/random.h"

static ob_status_t run(const ob_kernel_call_t *call) {
  const ob_tensor_t *x = call->inputs[0];
  ob_tensor_t *y = call->outputs[0];
  ob_ref_random_t random = ob_ref_random_seed(call);
  for (size_t i = 0; i < ob_tensor_count(x); i++)
    ob_ref_set(y->dtype, y->data, i, ob_ref_random_real(&random) < ob_ref_get(x->dtype, x->data, i) ? 1 : 0);
  return OB_OK;
}

const ob_kernel_t ob_ref_Bernoulli = {.op = "Bernoulli", .domain = "", .run = run};
