/* TensorScatter: writes an update into a cache along the sequence axis, at the index given for each batch element. */
#include <string.h>

#include "ref/support/index.h"

static ob_status_t run(const ob_kernel_call_t *call) {
  const ob_tensor_t *x = call->inputs[0], *update = call->inputs[1], *indices = ob_ref_input(call, 2);
  ob_tensor_t *y = call->outputs[0];
  bool circular = strcmp(ob_kernel_string(call, "mode", "linear"), "circular") == 0;
  int32_t axis;
  OB_TRY(ob_ref_axis(ob_kernel_int(call, "axis", -2), x->rank, &axis));
  OB_TRY(ob_ref_same_shape(x, y, "input and output"));
  bool fit = update->rank == x->rank && axis > 0 && (!indices || ob_tensor_count(indices) == (size_t)x->dims[0]);
  for (int32_t i = 0; fit && i < x->rank; i++) fit = i == axis ? update->dims[i] <= x->dims[i] : update->dims[i] == x->dims[i];
  if (!fit) return ob_fail(OB_INVALID_ARGUMENT, "the update does not fit the cache");
  ob_ref_copy(x->dtype, y->data, 0, x->data, 0, ob_tensor_count(x));
  size_t outer = ob_ref_product(x->dims, 0, axis), inner = ob_ref_product(x->dims, axis + 1, x->rank), a_batch = ob_ref_product(x->dims, 1, axis);
  int64_t room = x->dims[axis], length = update->dims[axis];
  for (size_t o = 0; o < outer; o++) {
    int64_t start = indices ? ob_ref_get_int(indices->dtype, indices->data, o / a_batch) : 0;
    if (start < 0 || (!circular && start > room - length))
      return ob_fail(OB_OUT_OF_RANGE, "write index %lld for %lld of %lld elements", (long long)start, (long long)length, (long long)room);
    for (int64_t i = 0; i < length; i++) {
      size_t to = (o * (size_t)room + (size_t)((start % room + i) % room)) * inner;
      ob_ref_copy(x->dtype, y->data, to, update->data, (o * (size_t)length + (size_t)i) * inner, inner);
    }
  }
  return OB_OK;
}

const ob_kernel_t ob_ref_TensorScatter = {.op = "TensorScatter", .domain = "", .run = run};
