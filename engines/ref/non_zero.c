/* NonZero: indices of the elements that are not zero, in row-major order, as a matrix [rank, count]. */
#include "ref/support/element.h"
#include "ref/support/shape.h"

static bool is_set(const ob_tensor_t *x, size_t i) {
  return ob_ref_is_real(x->dtype) ? ob_ref_get(x->dtype, x->data, i) != 0 : ob_ref_get_int(x->dtype, x->data, i) != 0;
}

static ob_status_t run(const ob_kernel_call_t *call) {
  const ob_tensor_t *x = call->inputs[0];
  int64_t dims[2] = {x->rank, 0}, index[OB_MAX_RANK] = {0}, at = 0;
  size_t count = ob_tensor_count(x);
  for (size_t i = 0; i < count; i++) dims[1] += is_set(x, i);
  OB_TRY(ob_kernel_allocate(call, 0, 2, dims));
  int64_t *y = call->outputs[0]->data;
  for (size_t i = 0; i < count; i++) {
    if (is_set(x, i)) {
      for (int32_t d = 0; d < x->rank; d++) y[d * dims[1] + at] = index[d];
      at++;
    }
    ob_ref_next(x->rank, x->dims, index);
  }
  return OB_OK;
}

const ob_kernel_t ob_ref_NonZero = {.op = "NonZero", .domain = "", .run = run};
