/* STFT: Fourier transforms of frames of a signal, each `frame_step` after the one before, weighted by a window. */
#include "ref/support/fourier.h"

enum { SIGNAL, STEP, WINDOW, LENGTH };

/* Length of a frame: from input 3, else the window's. */
static ob_status_t frame_length(const ob_tensor_t *length, const ob_tensor_t *window, int64_t *out) {
  *out = length && length->data ? ob_ref_get_int(length->dtype, length->data, 0) : window && window->rank == 1 ? window->dims[0] : 0;
  if (*out < 1) return ob_fail(OB_OUT_OF_RANGE, "frame_length is %lld", (long long)*out);
  if (window && (window->rank != 1 || window->dims[0] != *out)) return ob_fail(OB_INVALID_ARGUMENT, "the window has not %lld elements", (long long)*out);
  return OB_OK;
}

static ob_status_t prepare(ob_kernel_setup_t *setup) {
  const ob_tensor_t *x = setup->inputs[SIGNAL];
  size_t offset;
  if (x->rank != 3) return ob_fail(OB_INVALID_ARGUMENT, "the signal has rank %d", (int)x->rank);
  return ob_ref_reserve(setup, 4 * (size_t)x->dims[1], 2 * sizeof(double), &offset); /* no frame is longer than the signal */
}

static ob_status_t run(const ob_kernel_call_t *call) {
  const ob_tensor_t *x = call->inputs[SIGNAL], *window = ob_ref_input(call, WINDOW);
  bool onesided = ob_kernel_int(call, "onesided", 1) != 0;
  int64_t length, step = ob_ref_get_int(call->inputs[STEP]->dtype, call->inputs[STEP]->data, 0), parts = x->dims[2];
  OB_TRY(frame_length(ob_ref_input(call, LENGTH), window, &length));
  if (step < 1 || length > x->dims[1] || parts < 1 || parts > 2)
    return ob_fail(OB_OUT_OF_RANGE, "frames of %lld elements, %lld apart, of a signal of %lld", (long long)length, (long long)step, (long long)x->dims[1]);
  int64_t dims[4] = {x->dims[0], (x->dims[1] - length) / step + 1, onesided ? length / 2 + 1 : length, 2};
  OB_TRY(ob_kernel_allocate(call, 0, 4, dims));
  ob_tensor_t *y = call->outputs[0];
  double *in = call->scratch, *out = in + 2 * length;
  for (int64_t f = 0; f < dims[0] * dims[1]; f++) {
    int64_t from = f / dims[1] * x->dims[1] + f % dims[1] * step;
    OB_TRY(ob_kernel_poll(call));
    for (int64_t i = 0; i < length; i++) {
      double weight = window ? ob_ref_get(window->dtype, window->data, (size_t)i) : 1;
      in[2 * i] = weight * ob_ref_get(x->dtype, x->data, (size_t)((from + i) * parts));
      in[2 * i + 1] = parts == 2 ? weight * ob_ref_get(x->dtype, x->data, (size_t)((from + i) * parts + 1)) : 0;
    }
    ob_ref_fourier(in, length, false, dims[2], out);
    ob_ref_store(y->dtype, y->data, (size_t)(f * dims[2] * 2), (size_t)(2 * dims[2]), out);
  }
  return OB_OK;
}

const ob_kernel_t ob_ref_STFT = {.op = "STFT", .domain = "", .prepare = prepare, .run = run};
