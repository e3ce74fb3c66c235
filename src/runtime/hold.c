/* Memory of a context: blocks that only grow, and holders that own a value of any kind. */
#include <string.h>

#include "base/checked.h"
#include "base/dtype.h"
#include "runtime/frame.h"

ob_status_t ob_block_grow(ob_context_t *context, ob_block_t *block, size_t bytes, size_t used) {
  if (bytes <= block->size && block->data) return OB_OK;
  void *fresh;
  OB_TRY(ob_alloc_aligned(context->allocator, bytes, 64, &fresh));
  if (used > 0) memcpy(fresh, block->data, used);
  ob_free(context->allocator, block->data);
  context->bytes += bytes - block->size;
  block->data = fresh;
  block->size = bytes;
  return OB_OK;
}

ob_status_t ob_block_reserve(ob_context_t *context, ob_block_t *block, size_t bytes) {
  if (bytes <= block->size && block->data) return OB_OK;
  ob_block_free(context, block); /* first: both at once would be too much for large arenas */
  return ob_block_grow(context, block, bytes, 0);
}

void ob_block_free(ob_context_t *context, ob_block_t *block) {
  ob_free(context->allocator, block->data);
  context->bytes -= block->size;
  *block = (ob_block_t){0};
}

ob_status_t ob_holder_shape(ob_context_t *context, ob_holder_t *holder, ob_dtype_t dtype, int32_t rank,
                            const int64_t *dims) {
  size_t bytes;
  if (rank < 0 || rank > OB_MAX_RANK || !ob_tensor_bytes(dtype, rank, dims, &bytes))
    return ob_fail(OB_OUT_OF_MEMORY, "a tensor of rank %d is too large", rank);
  holder->filled = false;
  if (rank > 0) memmove(holder->dims, dims, (size_t)rank * sizeof *dims);
  OB_TRY(ob_block_reserve(context, &holder->block, bytes));
  holder->tensor = (ob_tensor_t){.dtype = dtype, .rank = rank, .dims = holder->dims, .data = holder->block.data, .bytes = bytes};
  holder->filled = true;
  return OB_OK;
}

/* ---------------------------------------------------------------- deep copies */

/* A bump pointer over the holder's block; with `data` NULL it only counts. */
typedef struct bump {
  char *data;
  size_t used;
} bump_t;

static bool take(bump_t *bump, size_t count, size_t size, void **room) {
  size_t bytes, aligned;
  if (!ob_mul_size(count, size, &bytes) || !ob_align_size(bytes, 64, &aligned)) return false;
  *room = bump->data ? bump->data + bump->used : NULL;
  return ob_add_size(bump->used, aligned, &bump->used);
}

static bool copy_strings(bump_t *bump, const ob_tensor_t *from, size_t count, ob_tensor_t *to) {
  const ob_string_t *source = from->data;
  ob_string_t *copies;
  if (!take(bump, count, sizeof *copies, (void **)&copies)) return false;
  for (size_t i = 0; i < count; i++) {
    char *bytes;
    if (!take(bump, source[i].size + 1, 1, (void **)&bytes)) return false;
    if (!bump->data) continue;
    if (source[i].size > 0) memcpy(bytes, source[i].data, source[i].size);
    bytes[source[i].size] = 0;
    copies[i] = (ob_string_t){bytes, source[i].size};
  }
  to->data = copies;
  to->bytes = count * sizeof *copies;
  return true;
}

static bool copy_elements(bump_t *bump, const ob_tensor_t *from, ob_tensor_t *to) {
  int64_t *dims;
  size_t count, bytes;
  if (!ob_dims_count(from->rank, from->dims, &count) || !take(bump, (size_t)from->rank, sizeof *dims, (void **)&dims))
    return false;
  if (bump->data && from->rank > 0) memcpy(dims, from->dims, (size_t)from->rank * sizeof *dims);
  to->dims = dims;
  to->strides = NULL;
  if (from->dtype == OB_STRING) return copy_strings(bump, from, count, to);
  bytes = ob_dtype_bytes(from->dtype, count);
  if (!take(bump, bytes, 1, &to->data)) return false;
  if (bump->data && bytes > 0) memcpy(to->data, from->data, bytes);
  to->bytes = bytes;
  return true;
}

enum { MAX_NESTING = 16 };

static bool copy_value(bump_t *bump, const ob_tensor_t *from, ob_tensor_t *to, int depth) {
  ob_tensor_t *items;
  *to = *from;
  if (depth > MAX_NESTING) return false;
  if (from->kind == OB_TENSOR) return copy_elements(bump, from, to);
  if (!take(bump, from->item_count, sizeof *items, (void **)&items)) return false;
  to->items = items;
  for (size_t i = 0; i < from->item_count; i++) {
    ob_tensor_t item;
    if (!copy_value(bump, &from->items[i], &item, depth + 1)) return false;
    if (bump->data) items[i] = item;
  }
  return true;
}

ob_status_t ob_holder_copy(ob_context_t *context, ob_holder_t *holder, const ob_tensor_t *value) {
  if (value->kind == OB_TENSOR && value->dtype != OB_STRING) {
    OB_TRY(ob_holder_shape(context, holder, value->dtype, value->rank, value->dims));
    if (holder->tensor.bytes > 0) memcpy(holder->tensor.data, value->data, holder->tensor.bytes);
    return OB_OK;
  }
  bump_t bump = {0};
  holder->filled = false;
  if (!copy_value(&bump, value, &holder->tensor, 0)) return ob_fail(OB_OUT_OF_MEMORY, "a value is too large or too deeply nested");
  OB_TRY(ob_block_reserve(context, &holder->block, bump.used + 1));
  bump = (bump_t){.data = holder->block.data};
  if (!copy_value(&bump, value, &holder->tensor, 0)) return ob_fail(OB_INTERNAL, "a value changed while it was copied");
  holder->filled = true;
  return OB_OK;
}

void ob_holder_free(ob_context_t *context, ob_holder_t *holder) {
  ob_block_free(context, &holder->block);
  holder->filled = false;
}

void ob_holder_swap(ob_holder_t *a, ob_holder_t *b) {
  ob_holder_t c = *a;
  *a = *b;
  *b = c;
  if (a->tensor.dims == b->dims) a->tensor.dims = a->dims;
  if (b->tensor.dims == a->dims) b->tensor.dims = b->dims;
}
