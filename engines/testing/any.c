/* Values of any kind: strings, sequences, optionals, maps, copied deeply. */
#include <stdlib.h>
#include <string.h>

#include "base/dtype.h"
#include "testing/internal.h"

static size_t count_of(const ob_tensor_t *tensor) {
  size_t count = 1;
  for (int32_t i = 0; i < tensor->rank; i++) count *= (size_t)tensor->dims[i];
  return count;
}

static void fill(ob_tensor_t *to, const ob_tensor_t *from) {
  *to = (ob_tensor_t){.kind = from->kind, .dtype = from->dtype, .rank = from->rank, .item_count = from->item_count};
  if (from->kind != OB_TENSOR) {
    ob_tensor_t *items = rig_alloc(from->item_count * sizeof *items);
    for (size_t i = 0; i < from->item_count; i++) fill(&items[i], &from->items[i]);
    to->items = items;
    return;
  }
  int64_t *dims = rig_alloc((size_t)from->rank * sizeof *dims);
  for (int32_t i = 0; i < from->rank; i++) dims[i] = from->dims[i];
  size_t count = count_of(from);
  to->dims = dims;
  to->bytes = ob_dtype_bytes(from->dtype, count);
  to->data = rig_alloc(to->bytes);
  if (to->bytes > 0) memcpy(to->data, from->data, to->bytes);
  for (size_t i = 0; from->dtype == OB_STRING && i < count; i++) {
    ob_string_t *string = (ob_string_t *)to->data + i;
    char *text = rig_alloc(string->size + 1);
    if (string->size > 0) memcpy(text, string->data, string->size);
    string->data = text;
  }
}

static void empty(ob_tensor_t *value) {
  for (size_t i = 0; i < value->item_count; i++) empty((ob_tensor_t *)(uintptr_t)&value->items[i]);
  if (value->kind == OB_TENSOR && value->dtype == OB_STRING)
    for (size_t i = 0; i < count_of(value); i++) free((void *)(uintptr_t)((ob_string_t *)value->data)[i].data);
  free((void *)(uintptr_t)value->items);
  free((void *)(uintptr_t)value->dims);
  free(value->data);
}

ob_tensor_t *rig_any_copy(const ob_tensor_t *value) {
  ob_tensor_t *copy = rig_alloc(sizeof *copy);
  fill(copy, value);
  return copy;
}

void rig_any_free(ob_tensor_t *value) {
  if (!value) return;
  empty(value);
  free(value);
}
