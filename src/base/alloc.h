/* Memory: every allocation of the core goes through an ob_allocator_t, so that tests can count them and make the n-th fail. */
#ifndef OB_BASE_ALLOC_H
#define OB_BASE_ALLOC_H

#include "base/status.h"

/* malloc and free. */
const ob_allocator_t *ob_allocator_default(void);
/* `allocator`, or the default for NULL. */
const ob_allocator_t *ob_allocator_or_default(const ob_allocator_t *allocator);

/* Zeroed memory, aligned to 16; size 0 gives a valid block. Owner: caller, ob_free(). */
OB_MUST_CHECK ob_status_t ob_alloc(const ob_allocator_t *allocator, size_t size, void **block);
/* count * size, checked. */
OB_MUST_CHECK ob_status_t ob_alloc_array(const ob_allocator_t *allocator, size_t count, size_t size, void **block);
/* Not zeroed, any power-of-two alignment. */
OB_MUST_CHECK ob_status_t ob_alloc_aligned(const ob_allocator_t *allocator, size_t size, size_t alignment, void **block);
/* Grows `*block` from `old_size` to `new_size` bytes, moving it; on failure it stays as it was. */
OB_MUST_CHECK ob_status_t ob_grow(const ob_allocator_t *allocator, void **block, size_t old_size, size_t new_size);
void ob_free(const ob_allocator_t *allocator, void *block);
OB_MUST_CHECK ob_status_t ob_strdup(const ob_allocator_t *allocator, const char *text, char **copy);

/* ob_alloc for a typed pointer. */
#define OB_NEW(allocator, pointer) ob_alloc((allocator), sizeof **(pointer), (void **)(pointer))
#define OB_NEW_ARRAY(allocator, count, pointer) ob_alloc_array((allocator), (count), sizeof **(pointer), (void **)(pointer))

/* Bytes of memory that this machine has; SIZE_MAX when it does not say. */
size_t ob_memory_of_machine(void);

#endif
