/* Moving elements about, bit for bit, whatever their type. */
#ifndef OB_REF_SUPPORT_MOVE_H
#define OB_REF_SUPPORT_MOVE_H

#include "ref/support/element.h"
#include "ref/support/shape.h"

/* One side of a move: where the first element is, and how far its neighbours along each axis are. */
typedef struct ob_ref_place {
  void *data;
  int64_t at;
  int64_t strides[OB_MAX_RANK];
} ob_ref_place_t;
/* Copies a box of `dims` elements. The caller has checked that all of it is inside both tensors. */
void ob_ref_move(ob_dtype_t dtype, int32_t rank, const int64_t *dims, const ob_ref_place_t *to, const ob_ref_place_t *from);
/* The whole of a tensor as one side. */
ob_ref_place_t ob_ref_whole(const ob_tensor_t *tensor);
/* Output 0 gets the bytes of input 0: the `run` of view operators. */
OB_MUST_CHECK ob_status_t ob_ref_copy_through(const ob_kernel_call_t *call);

#endif
