/* Growth of arrays. */
#include "base/array.h"

#include "base/checked.h"

ob_status_t ob_array_reserve_raw(const ob_allocator_t *allocator, void **items, size_t item_size, size_t count,
                                 size_t *capacity, size_t extra) {
  size_t wanted, bytes, room = *capacity < 8 ? 8 : *capacity;
  if (!ob_add_size(count, extra, &wanted)) return ob_fail_memory();
  if (wanted <= *capacity) return OB_OK;
  while (room < wanted)
    if (!ob_mul_size(room, 2, &room)) return ob_fail_memory();
  if (!ob_mul_size(room, item_size, &bytes)) return ob_fail_memory();
  OB_TRY(ob_grow(allocator, items, count * item_size, bytes));
  *capacity = room;
  return OB_OK;
}
