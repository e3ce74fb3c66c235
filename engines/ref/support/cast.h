/* What Cast and CastLike share. */
#ifndef OB_REF_SUPPORT_CAST_H
#define OB_REF_SUPPORT_CAST_H

#include "ref/support/element.h"

/* With the node's `saturate` and `round_mode`. */
OB_MUST_CHECK ob_status_t ob_ref_cast(const ob_kernel_call_t *call, const ob_tensor_t *x, ob_tensor_t *y);

#endif
