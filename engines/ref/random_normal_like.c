/* RandomNormalLike: normally distributed numbers of the input's shape. */
#include "ref/support/element.h"
#include "ref/support/random.h"

static ob_status_t run(const ob_kernel_call_t *call) {
  ob_tensor_t *y = call->outputs[0];
  ob_ref_random_t random;
  ob_ref_random_begin(&random, call);
  double mean = (double)ob_kernel_float(call, "mean", 0), scale = (double)ob_kernel_float(call, "scale", 1);
  for (size_t i = 0; i < ob_tensor_count(y); i++) ob_ref_set(y->dtype, y->data, i, mean + scale * ob_ref_random_normal(&random));
  return OB_OK;
}

const ob_kernel_t ob_ref_RandomNormalLike = {.op = "RandomNormalLike", .domain = "", .run = run};
