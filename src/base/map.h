/* A hash map from strings to pointers. Keys are not copied and must outlive the map. */
#ifndef OB_BASE_MAP_H
#define OB_BASE_MAP_H

#include "base/alloc.h"

typedef struct ob_map_entry {
  const char *key;
  void *value;
} ob_map_entry_t;
typedef struct ob_map {
  const ob_allocator_t *allocator;
  ob_map_entry_t *entries;
  size_t count, capacity;
} ob_map_t;

void ob_map_init(ob_map_t *map, const ob_allocator_t *allocator);
void ob_map_free(ob_map_t *map);
/* NULL when absent. */
void *ob_map_get(const ob_map_t *map, const char *key);
/* Adds or replaces; replacing never fails. `value` is not NULL. */
OB_MUST_CHECK ob_status_t ob_map_set(ob_map_t *map, const char *key, void *value);

#endif
