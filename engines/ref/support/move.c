/* Strided copies: see move.h. */
#include "ref/support/move.h"

#include <string.h>

void ob_ref_move(ob_dtype_t dtype, int32_t rank, const int64_t *dims, const ob_ref_place_t *to, const ob_ref_place_t *from) {
  int64_t index[OB_MAX_RANK] = {0}, row = rank > 0 ? dims[rank - 1] : 1;
  int64_t to_step = rank > 0 ? to->strides[rank - 1] : 1, from_step = rank > 0 ? from->strides[rank - 1] : 1;
  for (int32_t i = 0; i < rank; i++)
    if (dims[i] == 0) return;
  do {
    int64_t a = to->at, b = from->at;
    for (int32_t i = 0; i + 1 < rank; i++) {
      a += index[i] * to->strides[i];
      b += index[i] * from->strides[i];
    }
    if (to_step == 1 && from_step == 1)
      ob_ref_copy(dtype, to->data, (size_t)a, from->data, (size_t)b, (size_t)row);
    else
      for (int64_t i = 0; i < row; i++)
        ob_ref_copy(dtype, to->data, (size_t)(a + i * to_step), from->data, (size_t)(b + i * from_step), 1);
  } while (ob_ref_next(rank - 1, dims, index));
}

ob_ref_place_t ob_ref_whole(const ob_tensor_t *tensor) {
  ob_ref_place_t place = {.data = tensor->data};
  ob_ref_strides(tensor->rank, tensor->dims, place.strides);
  return place;
}

ob_status_t ob_ref_copy_through(const ob_kernel_call_t *call) {
  const ob_tensor_t *x = call->inputs[0];
  ob_tensor_t *y = call->outputs[0];
  if (ob_tensor_count(x) != ob_tensor_count(y))
    return ob_fail(OB_INVALID_ARGUMENT, "%zu elements do not fit a shape of %zu", ob_tensor_count(x), ob_tensor_count(y));
  ob_ref_copy(x->dtype, y->data, 0, x->data, 0, ob_tensor_count(x));
  return OB_OK;
}
