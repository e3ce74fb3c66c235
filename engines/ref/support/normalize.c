/* Moments of a row: see normalize.h. */
#include "ref/support/normalize.h"

#include <math.h>

void ob_ref_moments(const ob_tensor_t *x, size_t at, size_t count, double epsilon, double *mean, double *inverse) {
  double sum = 0, squares = 0;
  for (size_t i = 0; i < count; i++) sum += ob_ref_get(x->dtype, x->data, at + i);
  *mean = sum / (double)count;
  for (size_t i = 0; i < count; i++) {
    double d = ob_ref_get(x->dtype, x->data, at + i) - *mean;
    squares += d * d;
  }
  *inverse = 1 / sqrt(squares / (double)count + epsilon);
}
