/* CenterCropPad: crops or pads axes with zeros, around their centers, to given sizes. */
#include "ref/support/move.h"

static ob_status_t run(const ob_kernel_call_t *call) {
  const ob_tensor_t *x = call->inputs[0], *shape = call->inputs[1];
  int32_t axes[OB_MAX_RANK], count;
  int64_t dims[OB_MAX_RANK], box[OB_MAX_RANK];
  OB_TRY(ob_ref_axes(call, SIZE_MAX, "axes", x->rank, axes, &count));
  if (count == 0)
    for (; count < x->rank; count++) axes[count] = count;
  if (ob_tensor_count(shape) != (size_t)count) return ob_fail(OB_OUT_OF_RANGE, "%zu sizes for %d axes", ob_tensor_count(shape), (int)count);
  for (int32_t i = 0; i < x->rank; i++) dims[i] = x->dims[i];
  for (int32_t i = 0; i < count; i++) {
    dims[axes[i]] = ob_ref_get_int(shape->dtype, shape->data, (size_t)i);
    if (dims[axes[i]] < 0) return ob_fail(OB_OUT_OF_RANGE, "axis %d shall have %lld elements", (int)axes[i], (long long)dims[axes[i]]);
  }
  OB_TRY(ob_kernel_allocate(call, 0, x->rank, dims));
  ob_tensor_t *y = call->outputs[0];
  ob_ref_place_t to = ob_ref_whole(y), from = ob_ref_whole(x);
  for (int32_t i = 0; i < x->rank; i++) {
    int64_t crop = x->dims[i] - dims[i];
    box[i] = crop > 0 ? dims[i] : x->dims[i];
    if (crop > 0) from.at += crop / 2 * from.strides[i];
    if (crop < 0) to.at += -crop / 2 * to.strides[i];
  }
  ob_ref_zero(y->dtype, y->data, 0, ob_tensor_count(y));
  ob_ref_move(x->dtype, x->rank, box, &to, &from);
  return OB_OK;
}

const ob_kernel_t ob_ref_CenterCropPad = {.op = "CenterCropPad", .domain = "", .run = run};
