/* Dropout: the identity, unless training_mode is true: then elements are dropped by a generator seeded with `seed`. */
#include <string.h>

#include "ref/support/move.h"
#include "ref/support/random.h"

static bool is_training(const ob_kernel_call_t *call) {
  const ob_tensor_t *mode = ob_ref_input(call, 2);
  return mode && ob_ref_get_int(mode->dtype, mode->data, 0) != 0;
}

static ob_status_t train(const ob_kernel_call_t *call, double ratio) {
  const ob_tensor_t *x = call->inputs[0];
  ob_tensor_t *y = call->outputs[0], *mask = ob_ref_output(call, 1);
  ob_ref_random_t random;
  ob_ref_random_begin(&random, call);
  for (size_t i = 0; i < ob_tensor_count(x); i++) {
    bool keep = ob_ref_random_real(&random) >= ratio;
    if (y) ob_ref_set(y->dtype, y->data, i, keep ? ob_ref_get(x->dtype, x->data, i) / (1 - ratio) : 0);
    if (mask) ob_ref_set_int(mask->dtype, mask->data, i, keep);
  }
  return OB_OK;
}

static ob_status_t run(const ob_kernel_call_t *call) {
  const ob_tensor_t *ratio = ob_ref_input(call, 1);
  ob_tensor_t *mask = ob_ref_output(call, 1);
  double rate = ratio ? ob_ref_get(ratio->dtype, ratio->data, 0) : 0.5;
  if (!(rate >= 0 && rate < 1)) return ob_fail(OB_OUT_OF_RANGE, "ratio %g is not in [0, 1)", rate);
  if (is_training(call)) return train(call, rate);
  if (mask)
    for (size_t i = 0; i < ob_tensor_count(mask); i++) ob_ref_set_int(mask->dtype, mask->data, i, 1);
  return call->outputs[0] ? ob_ref_copy_through(call) : OB_OK;
}

const ob_kernel_t ob_ref_Dropout = {.op = "Dropout", .domain = "", .run = run};
