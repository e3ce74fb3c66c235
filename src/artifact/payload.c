/* Names and encodings of what lies beside the graph JSON. */
#include <string.h>

#include "artifact/graph_json.h"
#include "base/checked.h"

ob_status_t ob_constant_tensor(ob_arena_t *arena, const ob_constant_t *constant, const char **name) {
  *name = constant->name;
  if (strncmp(constant->name, OB_RESERVED_PREFIX, strlen(OB_RESERVED_PREFIX)) != 0 && strcmp(constant->name, "__metadata__") != 0)
    return OB_OK;
  return ob_arena_printf(arena, name, OB_RESERVED_PREFIX "constant.%s", constant->name);
}

ob_status_t ob_packed_tensor(ob_arena_t *arena, const ob_region_t *region, size_t index, const char **name) {
  return ob_arena_printf(arena, name, OB_RESERVED_PREFIX "packed.%u.%zu", region->index, index);
}

ob_status_t ob_blob_tensor(ob_arena_t *arena, const ob_region_t *region, const char **name) {
  return ob_arena_printf(arena, name, OB_RESERVED_PREFIX "blob.%u", region->index);
}

ob_status_t ob_strings_encode(const ob_constant_t *constant, const ob_allocator_t *allocator, void **payload, size_t *bytes) {
  const ob_string_t *strings = constant->data;
  size_t count = constant->bytes / sizeof *strings, text = 0, head;
  *payload = NULL;
  for (size_t i = 0; i < count; i++)
    if (!ob_add_size(text, strings[i].size, &text)) return ob_fail_memory();
  if (!ob_mul_size(count + 1, sizeof(uint64_t), &head) || !ob_add_size(head, text, bytes)) return ob_fail_memory();
  OB_TRY(ob_alloc(allocator, *bytes, payload));
  uint64_t *offsets = *payload;
  char *out = (char *)*payload + head;
  for (size_t i = 0; i < count; i++) {
    if (strings[i].size > 0) memcpy(out + offsets[i], strings[i].data, strings[i].size);
    offsets[i + 1] = offsets[i] + strings[i].size;
  }
  return OB_OK;
}
