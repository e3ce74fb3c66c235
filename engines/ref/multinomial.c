/* Multinomial: draws classes with probabilities given as logarithms that need not add up to one. */
#include <math.h>

#include "ref/support/element.h"
#include "ref/support/random.h"
#include "ref/support/shape.h"

/* Draws from one row of `classes` unnormalised log-probabilities. */
static size_t draw(const ob_tensor_t *x, size_t row, size_t classes, double largest, double total, double at) {
  double sum = 0;
  for (size_t c = 0; c + 1 < classes; c++) {
    sum += exp(ob_ref_get(x->dtype, x->data, row + c) - largest);
    if (at * total < sum) return c;
  }
  return classes - 1;
}

static ob_status_t run(const ob_kernel_call_t *call) {
  const ob_tensor_t *x = call->inputs[0];
  ob_ref_random_t random;
  ob_ref_random_begin(&random, call);
  if (x->rank != 2 || x->dims[1] < 1) return ob_fail(OB_INVALID_ARGUMENT, "the input has no classes");
  int64_t dims[2] = {x->dims[0], ob_kernel_int(call, "sample_size", 1)};
  OB_TRY(ob_kernel_allocate(call, 0, 2, dims));
  ob_tensor_t *y = call->outputs[0];
  size_t classes = (size_t)x->dims[1];
  for (size_t n = 0; n < (size_t)dims[0]; n++) {
    double largest = -INFINITY, total = 0;
    for (size_t c = 0; c < classes; c++) largest = fmax(largest, ob_ref_get(x->dtype, x->data, n * classes + c));
    for (size_t c = 0; c < classes; c++) total += exp(ob_ref_get(x->dtype, x->data, n * classes + c) - largest);
    for (int64_t s = 0; s < dims[1]; s++)
      ob_ref_set_int(y->dtype, y->data, n * (size_t)dims[1] + (size_t)s,
                     (int64_t)draw(x, n * classes, classes, largest, total, ob_ref_random_real(&random)));
  }
  return OB_OK;
}

const ob_kernel_t ob_ref_Multinomial = {.op = "Multinomial", .domain = "", .run = run};
