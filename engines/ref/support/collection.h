/* Sequences and optionals: views of values that live as long as the call. */
#ifndef OB_REF_SUPPORT_COLLECTION_H
#define OB_REF_SUPPORT_COLLECTION_H

#include "ref/support/element.h"
#include "ref/support/shape.h"

/* Makes output `index` the value: a tensor is copied to the output's room, a collection is passed on as it is. */
OB_MUST_CHECK ob_status_t ob_ref_give(const ob_kernel_call_t *call, size_t index, const ob_tensor_t *value);
/* Room for `count` items, which becomes output 0 as a collection of its kind. */
OB_MUST_CHECK ob_status_t ob_ref_give_items(const ob_kernel_call_t *call, size_t count, ob_tensor_t **items);
/* The position in input `input` (default when it is left out), counted from the back when negative; OB_OUT_OF_RANGE unless 0 <= it < count. */
OB_MUST_CHECK ob_status_t ob_ref_position(const ob_kernel_call_t *call, size_t input, int64_t fallback, size_t count, size_t *position);

#endif
