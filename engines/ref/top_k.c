/* TopK: the k largest or smallest elements along an axis and their indices; of equal ones the first comes first. */
#include "ref/support/select.h"

static ob_status_t prepare(ob_kernel_setup_t *setup) {
  size_t longest = 1, offset;
  for (int32_t i = 0; i < setup->inputs[0]->rank; i++)
    if ((size_t)setup->inputs[0]->dims[i] > longest) longest = (size_t)setup->inputs[0]->dims[i];
  return ob_ref_reserve(setup, 2 * longest, sizeof(size_t), &offset);
}

/* Sorts indices of elements by merging; stable, `room` is as large as the list. */
static void sort(const ob_tensor_t *x, int sign, size_t *list, size_t count, size_t *room) {
  if (count < 2) return;
  size_t half = count / 2, a = 0, b = half;
  sort(x, sign, list, half, room);
  sort(x, sign, list + half, count - half, room);
  for (size_t i = 0; i < count; i++) room[i] = b == count || (a < half && !ob_ref_before(x, list[b], list[a], sign)) ? list[a++] : list[b++];
  for (size_t i = 0; i < count; i++) list[i] = room[i];
}

static ob_status_t run(const ob_kernel_call_t *call) {
  const ob_tensor_t *x = call->inputs[0], *k = call->inputs[1];
  int sign = ob_kernel_int(call, "largest", 1) ? 1 : -1;
  int32_t axis;
  int64_t dims[OB_MAX_RANK];
  OB_TRY(ob_ref_axis(ob_kernel_int(call, "axis", -1), x->rank, &axis));
  for (int32_t i = 0; i < x->rank; i++) dims[i] = x->dims[i];
  if (ob_tensor_count(k) != 1) return ob_fail(OB_INVALID_ARGUMENT, "K has %zu elements", ob_tensor_count(k));
  dims[axis] = ob_ref_get_int(k->dtype, k->data, 0);
  if (dims[axis] < 0 || dims[axis] > x->dims[axis])
    return ob_fail(OB_OUT_OF_RANGE, "K is %lld, axis %d has %lld elements", (long long)dims[axis], (int)axis, (long long)x->dims[axis]);
  OB_TRY(ob_kernel_allocate(call, 0, x->rank, dims));
  if (ob_ref_output(call, 1)) OB_TRY(ob_kernel_allocate(call, 1, x->rank, dims));
  ob_tensor_t *values = call->outputs[0], *indices = ob_ref_output(call, 1);
  size_t outer = ob_ref_product(x->dims, 0, axis), length = (size_t)x->dims[axis], inner = ob_ref_product(x->dims, axis + 1, x->rank);
  size_t *list = call->scratch, wanted = (size_t)dims[axis];
  for (size_t r = 0; r < outer * inner; r++) {
    size_t base = r / inner * length * inner + r % inner, to = r / inner * wanted * inner + r % inner;
    for (size_t i = 0; i < length; i++) list[i] = base + i * inner;
    sort(x, sign, list, length, list + length);
    for (size_t i = 0; i < wanted; i++) {
      if (values) ob_ref_copy(x->dtype, values->data, to + i * inner, x->data, list[i], 1);
      if (indices) ob_ref_set_int(indices->dtype, indices->data, to + i * inner, (int64_t)((list[i] - base) / inner));
    }
  }
  return OB_OK;
}

const ob_kernel_t ob_ref_TopK = {.op = "TopK", .domain = "", .prepare = prepare, .run = run};
