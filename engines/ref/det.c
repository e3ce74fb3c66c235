/* Det: determinants of matrices, by elimination with the largest pivot, in double. */
#include <math.h>

#include "ref/support/element.h"
#include "ref/support/shape.h"

static ob_status_t prepare(ob_kernel_setup_t *setup) {
  const ob_tensor_t *x = setup->inputs[0];
  size_t offset;
  if (x->rank < 2 || x->dims[x->rank - 1] != x->dims[x->rank - 2]) return ob_fail(OB_INVALID_ARGUMENT, "not square matrices");
  return ob_ref_reserve(setup, ob_ref_product(x->dims, x->rank - 2, x->rank), sizeof(double), &offset);
}

static double determinant(double *m, size_t n) {
  double product = 1;
  for (size_t k = 0; k < n; k++) {
    size_t pivot = k;
    for (size_t i = k + 1; i < n; i++)
      if (fabs(m[i * n + k]) > fabs(m[pivot * n + k])) pivot = i;
    if (m[pivot * n + k] == 0) return 0;
    if (pivot != k) product = -product;
    for (size_t j = 0; pivot != k && j < n; j++) {
      double swap = m[k * n + j];
      m[k * n + j] = m[pivot * n + j];
      m[pivot * n + j] = swap;
    }
    product *= m[k * n + k];
    for (size_t i = k + 1; i < n; i++) {
      double factor = m[i * n + k] / m[k * n + k];
      for (size_t j = k; j < n; j++) m[i * n + j] -= factor * m[k * n + j];
    }
  }
  return product;
}

static ob_status_t run(const ob_kernel_call_t *call) {
  const ob_tensor_t *x = call->inputs[0];
  ob_tensor_t *y = call->outputs[0];
  size_t n = (size_t)x->dims[x->rank - 1], count = ob_ref_product(x->dims, 0, x->rank - 2);
  for (size_t i = 0; i < count; i++) {
    ob_ref_load(x->dtype, x->data, i * n * n, 1, n * n, call->scratch);
    ob_ref_set(y->dtype, y->data, i, determinant(call->scratch, n));
  }
  return OB_OK;
}

const ob_kernel_t ob_ref_Det = {.op = "Det", .domain = "", .prepare = prepare, .run = run};
