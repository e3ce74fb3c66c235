/* Arenas: blocks that double in size, handed out from the front. */
#include "base/arena.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/checked.h"

struct ob_arena_block {
  ob_arena_block_t *next;
  size_t size;
  max_align_t data[];
};

enum { ALIGNMENT = 16, FIRST_BLOCK = 4096, LARGEST_BLOCK = 1 << 20 };

void ob_arena_init(ob_arena_t *arena, const ob_allocator_t *allocator) {
  *arena = (ob_arena_t){.allocator = allocator};
}

void ob_arena_free(ob_arena_t *arena) {
  ob_arena_reset(arena);
  for (ob_arena_block_t *block = arena->spare; block;) {
    ob_arena_block_t *next = block->next;
    ob_free(arena->allocator, block);
    block = next;
  }
  ob_arena_init(arena, arena->allocator);
}

/* Oldest first, as they are handed out again: what fitted before fits then. */
void ob_arena_reset(ob_arena_t *arena) {
  while (arena->blocks) {
    ob_arena_block_t *block = arena->blocks;
    arena->blocks = block->next;
    block->next = arena->spare;
    arena->spare = block;
  }
  arena->used = arena->size = 0;
}

static ob_arena_block_t *take_spare(ob_arena_t *arena, size_t size) {
  ob_arena_block_t **link = &arena->spare;
  while (*link && (*link)->size < size) link = &(*link)->next;
  ob_arena_block_t *block = *link;
  if (block) *link = block->next;
  return block;
}

static void hand_out(ob_arena_t *arena, ob_arena_block_t *block) {
  block->next = arena->blocks;
  arena->blocks = block;
  arena->used = 0;
  arena->size = block->size;
}

/* A block with room for `size` bytes becomes the one that is handed out from. */
static ob_status_t add_block(ob_arena_t *arena, size_t size) {
  size_t room = arena->size == 0 ? FIRST_BLOCK : arena->size < LARGEST_BLOCK ? arena->size * 2 : LARGEST_BLOCK;
  if (room < size) room = size;
  size_t bytes;
  ob_arena_block_t *block = take_spare(arena, size);
  if (!block) {
    if (!ob_add_size(room, sizeof *block, &bytes)) return ob_fail_memory();
    OB_TRY(ob_alloc_aligned(arena->allocator, bytes, ALIGNMENT, (void **)&block));
    block->size = room;
  }
  hand_out(arena, block);
  return OB_OK;
}

ob_status_t ob_arena_alloc(ob_arena_t *arena, size_t size, void **block) {
  size_t aligned;
  *block = NULL;
  if (!ob_align_size(size > 0 ? size : 1, ALIGNMENT, &aligned)) return ob_fail_memory();
  if (aligned > arena->size - arena->used) OB_TRY(add_block(arena, aligned));
  *block = (char *)arena->blocks->data + arena->used;
  arena->used += aligned;
  memset(*block, 0, size);
  return OB_OK;
}

ob_status_t ob_arena_alloc_array(ob_arena_t *arena, size_t count, size_t size, void **block) {
  size_t bytes;
  *block = NULL;
  if (!ob_mul_size(count, size, &bytes)) return ob_fail_memory();
  return ob_arena_alloc(arena, bytes, block);
}

ob_status_t ob_arena_copy(ob_arena_t *arena, const void *data, size_t size, void **copy) {
  OB_TRY(ob_arena_alloc(arena, size, copy));
  if (size > 0) memcpy(*copy, data, size);
  return OB_OK;
}

ob_status_t ob_arena_strndup(ob_arena_t *arena, const char *text, size_t size, const char **copy) {
  size_t room;
  *copy = NULL;
  if (!ob_add_size(size, 1, &room)) return ob_fail_memory();
  char *fresh;
  OB_TRY(ob_arena_alloc(arena, room, (void **)&fresh));
  if (size > 0) memcpy(fresh, text, size);
  *copy = fresh;
  return OB_OK;
}

ob_status_t ob_arena_strdup(ob_arena_t *arena, const char *text, const char **copy) {
  return ob_arena_strndup(arena, text, strlen(text), copy);
}

ob_status_t ob_arena_printf(ob_arena_t *arena, const char **text, const char *format, ...) {
  va_list args, again;
  va_start(args, format);
  va_copy(again, args);
  int size = vsnprintf(NULL, 0, format, args);
  va_end(args);
  char *fresh = NULL;
  ob_status_t status = ob_arena_alloc(arena, (size_t)(size < 0 ? 0 : size) + 1, (void **)&fresh);
  if (status == OB_OK) vsnprintf(fresh, (size_t)size + 1, format, again);
  va_end(again);
  *text = fresh;
  return status;
}
