/* Vectors along an axis: see along.h. */
#include "ref/support/along.h"

ob_status_t ob_ref_along_prepare(ob_kernel_setup_t *setup) {
  size_t longest = 1, offset;
  for (int32_t i = 0; i < setup->inputs[0]->rank; i++)
    if ((size_t)setup->inputs[0]->dims[i] > longest) longest = (size_t)setup->inputs[0]->dims[i];
  return ob_ref_reserve(setup, longest, sizeof(double), &offset);
}

ob_status_t ob_ref_along(const ob_kernel_call_t *call, int64_t axis, ob_ref_along_t f, const void *arg) {
  const ob_tensor_t *x = call->inputs[0];
  ob_tensor_t *y = call->outputs[0];
  double *vector = call->scratch;
  int32_t a;
  OB_TRY(ob_ref_axis(axis, x->rank, &a));
  OB_TRY(ob_ref_same_shape(x, y, "input and output"));
  size_t outer = ob_ref_product(x->dims, 0, a), length = (size_t)x->dims[a], inner = ob_ref_product(x->dims, a + 1, x->rank);
  for (size_t o = 0; o < outer; o++)
    for (size_t i = 0; i < inner; i++) {
      size_t at = o * length * inner + i;
      ob_ref_load(x->dtype, x->data, at, (int64_t)inner, length, vector);
      f(arg, length, vector, vector);
      for (size_t k = 0; k < length; k++) ob_ref_set(y->dtype, y->data, at + k * inner, vector[k]);
    }
  return OB_OK;
}
