/* Sequences and optionals: see collection.h. */
#include "ref/support/collection.h"

ob_status_t ob_ref_give(const ob_kernel_call_t *call, size_t index, const ob_tensor_t *value) {
  ob_tensor_t *y = call->outputs[index];
  if (!y) return OB_OK;
  if (value->kind != OB_TENSOR) {
    y->kind = value->kind;
    y->dtype = value->dtype;
    y->items = value->items;
    y->item_count = value->item_count;
    return OB_OK;
  }
  if (y->kind != OB_TENSOR || y->dtype != value->dtype)
    return ob_fail(OB_INVALID_ARGUMENT, "a tensor of %s where %s was expected", ob_dtype_name(value->dtype), ob_dtype_name(y->dtype));
  OB_TRY(ob_kernel_allocate(call, index, value->rank, value->dims));
  ob_ref_copy(value->dtype, y->data, 0, value->data, 0, ob_tensor_count(value));
  return OB_OK;
}

ob_status_t ob_ref_give_items(const ob_kernel_call_t *call, size_t count, ob_tensor_t **items) {
  size_t bytes;
  *items = NULL;
  if (!ob_mul_size(count, sizeof **items, &bytes)) return ob_fail_memory();
  OB_TRY(ob_kernel_memory(call, bytes, (void **)items));
  call->outputs[0]->items = *items;
  call->outputs[0]->item_count = count;
  return OB_OK;
}

ob_status_t ob_ref_position(const ob_kernel_call_t *call, size_t input, int64_t fallback, size_t count, size_t *position) {
  const ob_tensor_t *given = ob_ref_input(call, input);
  int64_t value = given ? ob_ref_get_int(given->dtype, given->data, 0) : fallback;
  *position = 0;
  if (value < -(int64_t)count || value >= (int64_t)count)
    return ob_fail(OB_OUT_OF_RANGE, "position %lld in a sequence of %zu", (long long)value, count);
  *position = (size_t)(value < 0 ? value + (int64_t)count : value);
  return OB_OK;
}
