/* The default allocator and checked allocation. */
#include "base/alloc.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/checked.h"

enum { DEFAULT_ALIGNMENT = 16 };

static void *default_allocate(void *self, size_t size, size_t alignment) {
  (void)self;
  if (alignment <= DEFAULT_ALIGNMENT) return malloc(size);
  void *block = NULL;
  return posix_memalign(&block, alignment, size) == 0 ? block : NULL;
}

static void default_release(void *self, void *block) {
  (void)self;
  free(block);
}

static const ob_allocator_t default_allocator = {default_allocate, default_release, NULL};

const ob_allocator_t *ob_allocator_default(void) { return &default_allocator; }

const ob_allocator_t *ob_allocator_or_default(const ob_allocator_t *allocator) {
  return allocator ? allocator : &default_allocator;
}

ob_status_t ob_alloc_aligned(const ob_allocator_t *allocator, size_t size, size_t alignment, void **block) {
  *block = allocator->allocate(allocator->self, size > 0 ? size : 1, alignment);
  return *block ? OB_OK : ob_fail_memory();
}

ob_status_t ob_alloc(const ob_allocator_t *allocator, size_t size, void **block) {
  OB_TRY(ob_alloc_aligned(allocator, size, DEFAULT_ALIGNMENT, block));
  memset(*block, 0, size);
  return OB_OK;
}

ob_status_t ob_alloc_array(const ob_allocator_t *allocator, size_t count, size_t size, void **block) {
  size_t bytes;
  *block = NULL;
  if (!ob_mul_size(count, size, &bytes)) return ob_fail_memory();
  return ob_alloc(allocator, bytes, block);
}

ob_status_t ob_grow(const ob_allocator_t *allocator, void **block, size_t old_size, size_t new_size) {
  void *fresh;
  OB_TRY(ob_alloc_aligned(allocator, new_size, DEFAULT_ALIGNMENT, &fresh));
  if (old_size > 0) memcpy(fresh, *block, old_size);
  ob_free(allocator, *block);
  *block = fresh;
  return OB_OK;
}

void ob_free(const ob_allocator_t *allocator, void *block) {
  if (block) allocator->release(allocator->self, block);
}

ob_status_t ob_strdup(const ob_allocator_t *allocator, const char *text, char **copy) {
  size_t size = strlen(text) + 1;
  OB_TRY(ob_alloc(allocator, size, (void **)copy));
  memcpy(*copy, text, size);
  return OB_OK;
}

size_t ob_memory_of_machine(void) {
  long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
  size_t bytes;
  return pages > 0 && page > 0 && ob_mul_size((size_t)pages, (size_t)page, &bytes) ? bytes : SIZE_MAX;
}
