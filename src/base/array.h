/* Growable arrays: a struct {T *items; size_t count, capacity;} and one function for all of them. */
#ifndef OB_BASE_ARRAY_H
#define OB_BASE_ARRAY_H

#include "base/alloc.h"

/* Declares an array type: typedef OB_ARRAY(int) ints_t; zero it to begin. */
#define OB_ARRAY(type)      \
  struct {                  \
    type *items;            \
    size_t count, capacity; \
  }

/* Makes room for `extra` more items. */
OB_MUST_CHECK ob_status_t ob_array_reserve_raw(const ob_allocator_t *allocator, void **items, size_t item_size, size_t count,
                                               size_t *capacity, size_t extra);
#define ob_array_reserve(allocator, array, extra)                                                                      \
  ob_array_reserve_raw((allocator), (void **)&(array)->items, sizeof *(array)->items, (array)->count, &(array)->capacity, \
                       (extra))
/* Appends one item; evaluates to a status. */
#define ob_array_push(allocator, array, item)                       \
  (ob_array_reserve((allocator), (array), 1) != OB_OK               \
       ? OB_OUT_OF_MEMORY                                           \
       : ((array)->items[(array)->count++] = (item), OB_OK))
#define ob_array_free(allocator, array) \
  (ob_free((allocator), (array)->items), (array)->items = NULL, (array)->count = (array)->capacity = 0)

#endif
