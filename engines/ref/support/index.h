/* Indices that come as data: checked one by one before they are used. */
#ifndef OB_REF_SUPPORT_INDEX_H
#define OB_REF_SUPPORT_INDEX_H

#include "ref/support/element.h"
#include "ref/support/shape.h"

/* Element `at` of `indices` as an index into axis `axis` of `length` elements; negative ones count from the back.
 * OB_OUT_OF_RANGE naming the axis and the value. */
OB_MUST_CHECK static inline ob_status_t ob_ref_index(const ob_tensor_t *indices, size_t at, int32_t axis, int64_t length, int64_t *index) {
  int64_t value = ob_ref_get_int(indices->dtype, indices->data, at);
  *index = 0;
  if (value < -length || value >= length)
    return ob_fail(OB_OUT_OF_RANGE, "index %lld (element %zu) is outside of axis %d, which has %lld elements", (long long)value, at,
                   (int)axis, (long long)length);
  *index = value < 0 ? value + length : value;
  return OB_OK;
}

#endif
