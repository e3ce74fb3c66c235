/* What ArgMax and ArgMin share: the index of the extreme element along an axis. */
#ifndef OB_REF_SUPPORT_SELECT_H
#define OB_REF_SUPPORT_SELECT_H

#include "ref/support/element.h"
#include "ref/support/shape.h"

/* `sign` 1: the largest; -1: the smallest. NaN wins, as in numpy. */
OB_MUST_CHECK ob_status_t ob_ref_arg(const ob_kernel_call_t *call, int sign);
/* Is element `a` of x before element `b` when sorted, largest first for sign 1? Total: NaN counts as the largest value. */
bool ob_ref_before(const ob_tensor_t *x, size_t a, size_t b, int sign);

#endif
