/* Gather: picks slices of `data` along an axis; negative indices count from the back. */
#include "ref/support/element.h"
#include "ref/support/index.h"

static ob_status_t run(const ob_kernel_call_t *call) {
  const ob_tensor_t *data = call->inputs[0], *indices = call->inputs[1];
  int32_t axis;
  int64_t dims[2 * OB_MAX_RANK];
  OB_TRY(ob_ref_axis(ob_kernel_int(call, "axis", 0), data->rank, &axis));
  int32_t rank = data->rank - 1 + indices->rank;
  for (int32_t i = 0; i < rank; i++)
    dims[i] = i < axis ? data->dims[i] : i < axis + indices->rank ? indices->dims[i - axis] : data->dims[i - indices->rank + 1];
  OB_TRY(ob_kernel_allocate(call, 0, rank, dims));
  size_t outer = ob_ref_product(data->dims, 0, axis), inner = ob_ref_product(data->dims, axis + 1, data->rank);
  size_t count = ob_tensor_count(indices), length = (size_t)data->dims[axis];
  for (size_t o = 0; o < outer; o++)
    for (size_t i = 0; i < count; i++) {
      int64_t index;
      OB_TRY(ob_ref_index(indices, i, axis, data->dims[axis], &index));
      ob_ref_copy(data->dtype, call->outputs[0]->data, (o * count + i) * inner, data->data, (o * length + (size_t)index) * inner, inner);
    }
  return OB_OK;
}

const ob_kernel_t ob_ref_Gather = {.op = "Gather", .domain = "", .run = run};
