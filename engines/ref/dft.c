/* DFT: the discrete Fourier transform along an axis, by its definition; forward and inverse, one-sided and whole. */
#include "ref/support/fourier.h"

static ob_status_t prepare(ob_kernel_setup_t *setup) {
  const ob_tensor_t *x = setup->inputs[0], *y = setup->outputs[0];
  size_t longest = 1, offset;
  for (int32_t i = 0; i < x->rank; i++) {
    if ((size_t)x->dims[i] > longest) longest = (size_t)x->dims[i];
    if (y->rank == x->rank && (size_t)y->dims[i] > longest) longest = (size_t)y->dims[i];
  }
  return ob_ref_reserve(setup, 4 * longest, 2 * sizeof(double), &offset);
}

/* The rest of the spectrum of a real signal, from its first half. */
static void mirror(double *values, int64_t length) {
  for (int64_t k = length / 2 + 1; k < length; k++) {
    values[2 * k] = values[2 * (length - k)];
    values[2 * k + 1] = -values[2 * (length - k) + 1];
  }
  values[1] = 0;
  if (length % 2 == 0) values[length + 1] = 0;
}

static ob_status_t run(const ob_kernel_call_t *call) {
  const ob_tensor_t *x = call->inputs[0], *given = ob_ref_input(call, 1), *which = ob_ref_input(call, 2);
  bool inverse = ob_kernel_int(call, "inverse", 0) != 0, onesided = ob_kernel_int(call, "onesided", 0) != 0;
  int64_t dims[OB_MAX_RANK], parts = x->rank > 0 ? x->dims[x->rank - 1] : 0;
  int32_t axis;
  OB_TRY(ob_ref_axis(which ? ob_ref_get_int(which->dtype, which->data, 0) : -2, x->rank, &axis));
  if (axis == x->rank - 1 || parts < 1 || parts > 2) return ob_fail(OB_INVALID_ARGUMENT, "axis %d, and %lld parts a number", (int)axis, (long long)parts);
  int64_t length = given ? ob_ref_get_int(given->dtype, given->data, 0) : inverse && onesided ? 2 * (x->dims[axis] - 1) : x->dims[axis];
  if (length < 1) return ob_fail(OB_OUT_OF_RANGE, "dft_length is %lld", (long long)length);
  bool to_real = inverse && onesided;
  for (int32_t i = 0; i < x->rank; i++) dims[i] = x->dims[i];
  dims[axis] = onesided && !inverse ? length / 2 + 1 : length;
  dims[x->rank - 1] = to_real ? 1 : 2;
  OB_TRY(ob_kernel_allocate(call, 0, x->rank, dims));
  ob_tensor_t *y = call->outputs[0];
  int64_t used = to_real && x->dims[axis] > length / 2 + 1 ? length / 2 + 1 : x->dims[axis] < length ? x->dims[axis] : length;
  double *in = call->scratch, *out = in + 2 * length;
  size_t inner = ob_ref_product(x->dims, axis + 1, x->rank - 1), rows = ob_ref_product(x->dims, 0, axis) * inner;
  for (size_t r = 0; r < rows; r++) {
    size_t from = r / inner * (size_t)x->dims[axis] * inner + r % inner, to = r / inner * (size_t)dims[axis] * inner + r % inner;
    OB_TRY(ob_kernel_poll(call));
    for (int64_t i = 0; i < length; i++) {
      size_t at = (from + (size_t)i * inner) * (size_t)parts;
      in[2 * i] = i < used ? ob_ref_get(x->dtype, x->data, at) : 0;
      in[2 * i + 1] = i < used && parts == 2 ? ob_ref_get(x->dtype, x->data, at + 1) : 0;
    }
    if (to_real) mirror(in, length);
    ob_ref_fourier(in, length, inverse, dims[axis], out);
    for (int64_t k = 0; k < dims[axis]; k++)
      for (int64_t p = 0; p < dims[x->rank - 1]; p++)
        ob_ref_set(y->dtype, y->data, (to + (size_t)k * inner) * (size_t)dims[x->rank - 1] + (size_t)p, out[2 * k + p]);
  }
  return OB_OK;
}

const ob_kernel_t ob_ref_DFT = {.op = "DFT", .domain = "", .prepare = prepare, .run = run};
