/* Open addressing, linear probing, at most three quarters full. */
#include "base/map.h"

#include <string.h>

#include "base/hash.h"

void ob_map_init(ob_map_t *map, const ob_allocator_t *allocator) { *map = (ob_map_t){.allocator = allocator}; }

void ob_map_free(ob_map_t *map) {
  ob_free(map->allocator, map->entries);
  ob_map_init(map, map->allocator);
}

/* The entry that holds `key`, or the free one where it would go. Capacity is a power of two with room left. */
static ob_map_entry_t *slot(ob_map_entry_t *entries, size_t capacity, const char *key) {
  size_t i = (size_t)ob_hash_bytes(key, strlen(key)) & (capacity - 1);
  while (entries[i].key && strcmp(entries[i].key, key) != 0) i = (i + 1) & (capacity - 1);
  return &entries[i];
}

void *ob_map_get(const ob_map_t *map, const char *key) {
  return map->capacity ? slot(map->entries, map->capacity, key)->value : NULL;
}

static ob_status_t grow(ob_map_t *map) {
  size_t capacity = map->capacity ? map->capacity * 2 : 16;
  ob_map_entry_t *entries;
  OB_TRY(OB_NEW_ARRAY(map->allocator, capacity, &entries));
  for (size_t i = 0; i < map->capacity; i++)
    if (map->entries[i].key) *slot(entries, capacity, map->entries[i].key) = map->entries[i];
  ob_free(map->allocator, map->entries);
  map->entries = entries;
  map->capacity = capacity;
  return OB_OK;
}

ob_status_t ob_map_set(ob_map_t *map, const char *key, void *value) {
  ob_map_entry_t *entry = map->capacity ? slot(map->entries, map->capacity, key) : NULL;
  if (entry && entry->key) { /* replacing never allocates */
    *entry = (ob_map_entry_t){key, value};
    return OB_OK;
  }
  if (map->count + 1 > map->capacity / 4 * 3) OB_TRY(grow(map));
  entry = slot(map->entries, map->capacity, key);
  map->count++;
  *entry = (ob_map_entry_t){key, value};
  return OB_OK;
}
