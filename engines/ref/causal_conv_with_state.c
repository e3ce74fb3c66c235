/* CausalConvWithState: depthwise 1-D convolution over past positions only; the last k - 1 of them are carried to the next call. */
#include <math.h>
#include <string.h>

#include "ref/support/element.h"
#include "ref/support/shape.h"

/* Input position i, where the carried state (or zeros) stands before 0. */
static double position(const ob_tensor_t *x, const ob_tensor_t *past, size_t row, int64_t i, int64_t carried) {
  if (i >= 0) return ob_ref_get(x->dtype, x->data, row * (size_t)x->dims[2] + (size_t)i);
  return past ? ob_ref_get(past->dtype, past->data, row * (size_t)carried + (size_t)(carried + i)) : 0;
}

static ob_status_t run(const ob_kernel_call_t *call) {
  const ob_tensor_t *x = call->inputs[0], *w = call->inputs[1], *bias = ob_ref_input(call, 2), *past = ob_ref_input(call, 3);
  ob_tensor_t *y = call->outputs[0], *present = ob_ref_output(call, 1);
  bool silu = strcmp(ob_kernel_string(call, "activation", "none"), "none") != 0;
  if (x->rank != 3 || w->rank != 3 || w->dims[0] != x->dims[1] || w->dims[1] != 1 || w->dims[2] < 1 || (bias && ob_tensor_count(bias) != (size_t)x->dims[1]))
    return ob_fail(OB_INVALID_ARGUMENT, "weights or bias do not fit the input");
  int64_t carried = w->dims[2] - 1, length = x->dims[2];
  size_t rows = (size_t)x->dims[0] * (size_t)x->dims[1];
  if (past && ob_tensor_count(past) != rows * (size_t)carried) return ob_fail(OB_INVALID_ARGUMENT, "past_state does not fit the input");
  for (size_t row = 0; row < rows; row++) {
    size_t channel = row % (size_t)x->dims[1];
    for (int64_t i = 0; y && i < length; i++) {
      double sum = bias ? ob_ref_get(bias->dtype, bias->data, channel) : 0;
      for (int64_t k = 0; k <= carried; k++)
        sum += position(x, past, row, i - carried + k, carried) * ob_ref_get(w->dtype, w->data, channel * (size_t)w->dims[2] + (size_t)k);
      ob_ref_set(y->dtype, y->data, row * (size_t)length + (size_t)i, silu ? sum / (1 + exp(-sum)) : sum);
    }
    for (int64_t i = 0; present && i < carried; i++)
      ob_ref_set(present->dtype, present->data, row * (size_t)carried + (size_t)i, position(x, past, row, length - carried + i, carried));
  }
  return OB_OK;
}

const ob_kernel_t ob_ref_CausalConvWithState = {.op = "CausalConvWithState", .domain = "", .run = run};
