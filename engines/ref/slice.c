/* Slice: elements start, start + step, ... before end along given axes; bounds are clamped as in numpy. */
#include "ref/support/move.h"

static int64_t bound(int64_t value, int64_t dim, int64_t low, int64_t high) {
  if (value < 0) value += dim;
  return value < low ? low : value > high ? high : value;
}

/* Number of elements of one axis, and the first of them; the bounds are those of the definition. */
static int64_t clamp(int64_t dim, int64_t *start, int64_t end, int64_t step) {
  uint64_t stride = step < 0 ? 0 - (uint64_t)step : (uint64_t)step;
  if (dim == 0) return 0;
  *start = bound(*start, dim, 0, step < 0 ? dim - 1 : dim);
  end = step < 0 ? bound(end, dim, -1, dim - 1) : bound(end, dim, 0, dim);
  int64_t span = step < 0 ? *start - end : end - *start;
  return span <= 0 ? 0 : (int64_t)(((uint64_t)span - 1) / stride) + 1;
}

static int64_t element(const ob_tensor_t *tensor, size_t i) { return ob_ref_get_int(tensor->dtype, tensor->data, i); }

static ob_status_t run(const ob_kernel_call_t *call) {
  const ob_tensor_t *x = call->inputs[0], *starts = call->inputs[1], *ends = call->inputs[2], *steps = ob_ref_input(call, 4);
  int32_t axes[OB_MAX_RANK], count;
  int64_t dims[OB_MAX_RANK];
  ob_ref_place_t from = ob_ref_whole(x);
  OB_TRY(ob_ref_axes(call, 3, NULL, x->rank, axes, &count));
  size_t given = ob_tensor_count(starts);
  if (!ob_ref_input(call, 3))
    for (count = 0; count < x->rank && (size_t)count < given; count++) axes[count] = count;
  if ((size_t)count != given || ob_tensor_count(ends) != given || (steps && ob_tensor_count(steps) != given))
    return ob_fail(OB_OUT_OF_RANGE, "starts, ends, axes and steps differ in size");
  for (int32_t i = 0; i < x->rank; i++) dims[i] = x->dims[i];
  for (int32_t i = 0; i < count; i++) {
    int64_t start = element(starts, (size_t)i), step = steps ? element(steps, (size_t)i) : 1;
    if (step == 0) return ob_fail(OB_OUT_OF_RANGE, "step of axis %d is 0", (int)axes[i]);
    dims[axes[i]] = clamp(x->dims[axes[i]], &start, element(ends, (size_t)i), step);
    from.at += dims[axes[i]] > 0 ? start * from.strides[axes[i]] : 0;
    /* one element needs no step, and a huge one must not overflow */
    from.strides[axes[i]] = dims[axes[i]] > 1 ? from.strides[axes[i]] * step : 0;
  }
  OB_TRY(ob_kernel_allocate(call, 0, x->rank, dims));
  ob_ref_place_t to = ob_ref_whole(call->outputs[0]);
  ob_ref_move(x->dtype, x->rank, dims, &to, &from);
  return OB_OK;
}

const ob_kernel_t ob_ref_Slice = {.op = "Slice", .domain = "", .run = run};
