/* OneHot: a new axis of `depth` elements with on_value at the index and off_value elsewhere; an index out of range gives no on_value. */
#include "ref/support/element.h"
#include "ref/support/shape.h"

static ob_status_t run(const ob_kernel_call_t *call) {
  const ob_tensor_t *indices = call->inputs[0], *size = call->inputs[1], *values = call->inputs[2];
  int64_t depth = ob_ref_get_int(size->dtype, size->data, 0), dims[OB_MAX_RANK];
  int32_t axis;
  OB_TRY(ob_ref_axis(ob_kernel_int(call, "axis", -1), indices->rank + 1, &axis));
  if (depth < 0 || indices->rank >= OB_MAX_RANK) return ob_fail(OB_OUT_OF_RANGE, "depth is %lld", (long long)depth);
  if (ob_tensor_count(values) != 2) return ob_fail(OB_INVALID_ARGUMENT, "values has %zu elements", ob_tensor_count(values));
  for (int32_t i = 0; i <= indices->rank; i++) dims[i] = i < axis ? indices->dims[i] : i == axis ? depth : indices->dims[i - 1];
  OB_TRY(ob_kernel_allocate(call, 0, indices->rank + 1, dims));
  ob_tensor_t *y = call->outputs[0];
  size_t inner = ob_ref_product(indices->dims, axis, indices->rank);
  for (size_t at = 0; at < ob_tensor_count(y); at++) {
    size_t place = at / inner % (size_t)depth, which = at / inner / (size_t)depth * inner + at % inner;
    double index = ob_ref_get(indices->dtype, indices->data, which);
    if (index < 0) index += (double)depth;
    ob_ref_copy(y->dtype, y->data, at, values->data, index >= 0 && index < (double)depth && place == (size_t)index, 1);
  }
  return OB_OK;
}

const ob_kernel_t ob_ref_OneHot = {.op = "OneHot", .domain = "", .run = run};
