/* Softmax: e^x over the sum of e^x along an axis; the largest is taken off first. Floats of 16 bits are rounded after each step, as
 * the function that ONNX defines it by does it. */
#include <math.h>

#include "ref/support/along.h"

static void apply(const void *arg, size_t count, const double *x, double *y) {
  const ob_dtype_t *dtype = arg; /* NULL: no rounding on the way */
  double largest = -INFINITY, sum = 0;
  for (size_t i = 0; i < count; i++) largest = fmax(largest, x[i]);
  for (size_t i = 0; i < count; i++) {
    double less = x[i] - largest;
    y[i] = dtype ? ob_ref_round(*dtype, exp(ob_ref_round(*dtype, less))) : exp(less);
    sum += y[i];
  }
  if (dtype) sum = ob_ref_round(*dtype, sum);
  for (size_t i = 0; i < count; i++) y[i] /= sum;
}

static ob_status_t run(const ob_kernel_call_t *call) {
  const ob_dtype_t *dtype = &call->inputs[0]->dtype;
  bool is_short = *dtype == OB_FLOAT16 || *dtype == OB_BFLOAT16;
  return ob_ref_along(call, ob_kernel_int(call, "axis", -1), apply, is_short ? dtype : NULL);
}

const ob_kernel_t ob_ref_Softmax = {.op = "Softmax", .domain = "", .prepare = ob_ref_along_prepare, .run = run};
