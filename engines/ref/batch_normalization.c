/* BatchNormalization: per channel (axis 1) (X - mean) / sqrt(variance + epsilon) * scale + B. In training mode mean and
 * variance are those of the batch, and the running ones move towards them. */
#include <math.h>

#include "ref/support/element.h"
#include "ref/support/shape.h"

typedef struct channel {
  double mean, variance;
} channel_t;

/* Elements of channel c: for each of `batch` images, `inner` neighbours. */
typedef struct extent {
  size_t batch, channels, inner;
} extent_t;

static channel_t batch_moments(const ob_tensor_t *x, const extent_t *e, size_t c) {
  double sum = 0, squares = 0, count = (double)(e->batch * e->inner);
  for (size_t n = 0; n < e->batch; n++)
    for (size_t i = 0; i < e->inner; i++) sum += ob_ref_get(x->dtype, x->data, (n * e->channels + c) * e->inner + i);
  for (size_t n = 0; n < e->batch; n++)
    for (size_t i = 0; i < e->inner; i++) {
      double d = ob_ref_get(x->dtype, x->data, (n * e->channels + c) * e->inner + i) - sum / count;
      squares += d * d;
    }
  return (channel_t){sum / count, squares / count};
}

static void update(const ob_tensor_t *old, ob_tensor_t *running, size_t c, double momentum, double current) {
  if (running) ob_ref_set(running->dtype, running->data, c, ob_ref_get(old->dtype, old->data, c) * momentum + current * (1 - momentum));
}

static ob_status_t run(const ob_kernel_call_t *call) {
  const ob_tensor_t *x = call->inputs[0];
  ob_tensor_t *y = call->outputs[0];
  double epsilon = (double)ob_kernel_float(call, "epsilon", 1e-5f), momentum = (double)ob_kernel_float(call, "momentum", 0.9f);
  extent_t e = {(size_t)x->dims[0], x->rank > 1 ? (size_t)x->dims[1] : 1, x->rank > 2 ? ob_ref_product(x->dims, 2, x->rank) : 1};
  for (size_t i = 1; i < 5; i++)
    if (ob_tensor_count(call->inputs[i]) != e.channels)
      return ob_fail(OB_INVALID_ARGUMENT, "input %zu has %zu elements for %zu channels", i, ob_tensor_count(call->inputs[i]), e.channels);
  const ob_tensor_t *scale = call->inputs[1], *bias = call->inputs[2], *mean = call->inputs[3], *variance = call->inputs[4];
  for (size_t c = 0; c < e.channels; c++) {
    channel_t m = {ob_ref_get(mean->dtype, mean->data, c), ob_ref_get(variance->dtype, variance->data, c)};
    if (ob_kernel_int(call, "training_mode", 0)) {
      m = batch_moments(x, &e, c);
      update(mean, ob_ref_output(call, 1), c, momentum, m.mean);
      update(variance, ob_ref_output(call, 2), c, momentum, m.variance);
    }
    double factor = ob_ref_get(scale->dtype, scale->data, c) / sqrt(m.variance + epsilon), offset = ob_ref_get(bias->dtype, bias->data, c);
    for (size_t n = 0; n < e.batch; n++)
      for (size_t i = 0, at = (n * e.channels + c) * e.inner; i < e.inner; i++, at++)
        ob_ref_set(y->dtype, y->data, at, (ob_ref_get(x->dtype, x->data, at) - m.mean) * factor + offset);
  }
  return OB_OK;
}

const ob_kernel_t ob_ref_BatchNormalization = {.op = "BatchNormalization", .domain = "", .run = run};
