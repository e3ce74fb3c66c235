/* SoftmaxCrossEntropyLoss: minus the logarithm of the softmax over axis 1 at the target class, weighted and reduced. */
#include <math.h>

#include "ref/support/loss.h"

static double log_softmax(const ob_tensor_t *x, size_t n, size_t c, size_t i) {
  size_t inner = ob_ref_product(x->dims, 2, x->rank), classes = (size_t)x->dims[1], base = n * classes * inner + i;
  double largest = -INFINITY, sum = 0;
  for (size_t k = 0; k < classes; k++) largest = fmax(largest, ob_ref_get(x->dtype, x->data, base + k * inner));
  for (size_t k = 0; k < classes; k++) sum += exp(ob_ref_get(x->dtype, x->data, base + k * inner) - largest);
  return ob_ref_get(x->dtype, x->data, base + c * inner) - largest - log(sum);
}

static ob_status_t run(const ob_kernel_call_t *call) {
  const ob_tensor_t *x = call->inputs[0];
  ob_tensor_t *log_probabilities = ob_ref_output(call, 1);
  OB_TRY(ob_ref_loss(call, log_softmax));
  size_t inner = ob_ref_product(x->dims, 2, x->rank), classes = (size_t)x->dims[1];
  for (size_t at = 0; log_probabilities && at < ob_tensor_count(x); at++)
    ob_ref_set(log_probabilities->dtype, log_probabilities->data, at, log_softmax(x, at / inner / classes, at / inner % classes, at % inner));
  return OB_OK;
}

const ob_kernel_t ob_ref_SoftmaxCrossEntropyLoss = {.op = "SoftmaxCrossEntropyLoss", .domain = "", .run = run};
