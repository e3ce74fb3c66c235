/* Operators that work along one axis: a vector in, a vector out, for every place of the other axes. */
#ifndef OB_REF_SUPPORT_ALONG_H
#define OB_REF_SUPPORT_ALONG_H

#include "ref/support/element.h"
#include "ref/support/shape.h"

/* y = f(x), both `count` doubles; may be one buffer. */
typedef void (*ob_ref_along_t)(const void *arg, size_t count, const double *x, double *y);
/* Applies `f` along `axis` of input 0; the state of the kernel comes from ob_ref_along_prepare. */
OB_MUST_CHECK ob_status_t ob_ref_along(const ob_kernel_call_t *call, int64_t axis, ob_ref_along_t f, const void *arg);
/* Scratch for a vector of any axis of input 0. */
OB_MUST_CHECK ob_status_t ob_ref_along_prepare(ob_kernel_setup_t *setup);

#endif
