/* A region of memory that is given back all at once: graphs, plans and reports live in one. Not thread-safe. */
#ifndef OB_BASE_ARENA_H
#define OB_BASE_ARENA_H

#include "base/alloc.h"

typedef struct ob_arena_block ob_arena_block_t;
typedef struct ob_arena {
  const ob_allocator_t *allocator;
  ob_arena_block_t *blocks;
  ob_arena_block_t *spare; /* taken back by ob_arena_reset() */
  size_t used, size; /* of the newest block */
} ob_arena_t;

void ob_arena_init(ob_arena_t *arena, const ob_allocator_t *allocator);
void ob_arena_free(ob_arena_t *arena);
/* Takes back what was handed out and keeps the memory: the same allocations again, or smaller ones, ask the allocator for nothing. */
void ob_arena_reset(ob_arena_t *arena);
/* Zeroed memory aligned to 16, living until ob_arena_free(). Size 0 gives a valid pointer. */
OB_MUST_CHECK ob_status_t ob_arena_alloc(ob_arena_t *arena, size_t size, void **block);
OB_MUST_CHECK ob_status_t ob_arena_alloc_array(ob_arena_t *arena, size_t count, size_t size, void **block);
OB_MUST_CHECK ob_status_t ob_arena_strdup(ob_arena_t *arena, const char *text, const char **copy);
OB_MUST_CHECK ob_status_t ob_arena_strndup(ob_arena_t *arena, const char *text, size_t size, const char **copy);
OB_MUST_CHECK ob_status_t ob_arena_printf(ob_arena_t *arena, const char **text, const char *format, ...) OB_PRINTF(3, 4);
OB_MUST_CHECK ob_status_t ob_arena_copy(ob_arena_t *arena, const void *data, size_t size, void **copy);

#define OB_ARENA_NEW(arena, pointer) ob_arena_alloc((arena), sizeof **(pointer), (void **)(pointer))
#define OB_ARENA_ARRAY(arena, count, pointer) ob_arena_alloc_array((arena), (count), sizeof **(pointer), (void **)(pointer))

#endif
