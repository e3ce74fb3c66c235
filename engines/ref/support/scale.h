/* Scales and zero points of quantisation: one for all, one along an axis, or one a block. */
#ifndef OB_REF_SUPPORT_SCALE_H
#define OB_REF_SUPPORT_SCALE_H

#include "ref/support/element.h"
#include "ref/support/shape.h"

typedef struct ob_ref_scale {
  const ob_tensor_t *scale, *zero_point; /* zero_point may be NULL */
  int64_t strides[OB_MAX_RANK];          /* of the scale along each axis of x; 0 where it does not change */
  int32_t rank, blocked;                 /* blocked: the axis along which `block` elements share a scale */
  int64_t block;
} ob_ref_scale_t;

/* From attributes `axis` and `block_size` and the scale's shape. */
OB_MUST_CHECK ob_status_t ob_ref_scale_begin(const ob_kernel_call_t *call, const ob_tensor_t *x, const ob_tensor_t *scale,
                                             const ob_tensor_t *zero_point, ob_ref_scale_t *s);
/* Which scale belongs to the element at `index` of x. */
static inline size_t ob_ref_scale_at(const ob_ref_scale_t *s, const int64_t *index) {
  int64_t at = 0;
  for (int32_t i = 0; i < s->rank; i++) at += s->strides[i] * (i == s->blocked ? index[i] / s->block : index[i]);
  return (size_t)at;
}

/* round(value / scale) + zero point, saturated to `dtype`; the quotient is rounded to `precision` first. */
int64_t ob_ref_quantize(double value, double scale, int64_t zero_point, ob_dtype_t precision, ob_dtype_t dtype);

#endif
