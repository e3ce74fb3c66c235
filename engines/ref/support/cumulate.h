/* What CumSum and CumProd share. */
#ifndef OB_REF_SUPPORT_CUMULATE_H
#define OB_REF_SUPPORT_CUMULATE_H

#include "ref/support/element.h"
#include "ref/support/shape.h"

/* Running sums, or products, along the axis in input 1. */
OB_MUST_CHECK ob_status_t ob_ref_cumulate(const ob_kernel_call_t *call, bool product);

#endif
