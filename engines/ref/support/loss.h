/* What the two classification losses share: picking the target's log-probability, weights, and the reduction. */
#ifndef OB_REF_SUPPORT_LOSS_H
#define OB_REF_SUPPORT_LOSS_H

#include "ref/support/element.h"
#include "ref/support/shape.h"

/* Log-probability of class `c` at place `i` of image `n`. */
typedef double (*ob_ref_log_probability_t)(const ob_tensor_t *x, size_t n, size_t c, size_t i);
/* Output 0 from inputs 0 (scores), 1 (targets) and 2 (weights, optional). */
OB_MUST_CHECK ob_status_t ob_ref_loss(const ob_kernel_call_t *call, ob_ref_log_probability_t log_probability);

#endif
