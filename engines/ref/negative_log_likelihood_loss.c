/* NegativeLogLikelihoodLoss: minus the log-probability of the target class, weighted and reduced. */
#include "ref/support/loss.h"

static double given(const ob_tensor_t *x, size_t n, size_t c, size_t i) {
  size_t inner = ob_ref_product(x->dims, 2, x->rank);
  return ob_ref_get(x->dtype, x->data, (n * (size_t)x->dims[1] + c) * inner + i);
}

static ob_status_t run(const ob_kernel_call_t *call) { return ob_ref_loss(call, given); }

const ob_kernel_t ob_ref_NegativeLogLikelihoodLoss = {.op = "NegativeLogLikelihoodLoss", .domain = "", .run = run};
