/* How ScatterElements, ScatterND and their like put an update into a tensor. */
#ifndef OB_REF_SUPPORT_SCATTER_H
#define OB_REF_SUPPORT_SCATTER_H

#include "ref/support/index.h"

typedef enum ob_ref_scatter { OB_REF_PUT, OB_REF_ADD, OB_REF_MUL, OB_REF_MIN, OB_REF_MAX } ob_ref_scatter_t;

/* The `reduction` attribute. */
ob_ref_scatter_t ob_ref_scatter_mode(const ob_kernel_call_t *call);
/* y[to] = reduction(y[to], updates[from]). */
void ob_ref_scatter(ob_ref_scatter_t mode, ob_tensor_t *y, size_t to, const ob_tensor_t *updates, size_t from);

#endif
