/* What the normalisations share: mean and deviation of a row of elements. */
#ifndef OB_REF_SUPPORT_NORMALIZE_H
#define OB_REF_SUPPORT_NORMALIZE_H

#include "ref/support/element.h"
#include "ref/support/shape.h"

/* Mean, and 1 / sqrt(variance + epsilon), of `count` neighbours; summed up in double, in two passes. */
void ob_ref_moments(const ob_tensor_t *x, size_t at, size_t count, double epsilon, double *mean, double *inverse);

#endif
