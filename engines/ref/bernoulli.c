/* Bernoulli: 1 with the probability that the input says, else 0; the same draw as NumPy's binomial. */
#include "ref/support/element.h"
#include "ref/support/random.h"

static double draw(ob_ref_random_t *random, double p) {
  double number = ob_ref_random_real(random);
  return p <= 0.5 ? number > 1 - p : number <= p;
}

static ob_status_t run(const ob_kernel_call_t *call) {
  const ob_tensor_t *x = call->inputs[0];
  ob_tensor_t *y = call->outputs[0];
  ob_ref_random_t random;
  ob_ref_random_begin(&random, call);
  for (size_t i = 0; i < ob_tensor_count(x); i++)
    ob_ref_set(y->dtype, y->data, i, draw(&random, ob_ref_get(x->dtype, x->data, i)));
  return OB_OK;
}

const ob_kernel_t ob_ref_Bernoulli = {.op = "Bernoulli", .domain = "", .run = run};
