/* Checked arithmetic: sizes and dims that come from files never wrap around. All return true when the result fits. */
#ifndef OB_BASE_CHECKED_H
#define OB_BASE_CHECKED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

static inline bool ob_add_size(size_t a, size_t b, size_t *sum) { return !__builtin_add_overflow(a, b, sum); }
static inline bool ob_mul_size(size_t a, size_t b, size_t *product) { return !__builtin_mul_overflow(a, b, product); }
static inline bool ob_add_i64(int64_t a, int64_t b, int64_t *sum) { return !__builtin_add_overflow(a, b, sum); }
static inline bool ob_sub_i64(int64_t a, int64_t b, int64_t *difference) { return !__builtin_sub_overflow(a, b, difference); }
static inline bool ob_mul_i64(int64_t a, int64_t b, int64_t *product) { return !__builtin_mul_overflow(a, b, product); }
/* Rounds up to a multiple of `to`, a power of two. */
static inline bool ob_align_size(size_t size, size_t to, size_t *aligned) {
  if (!ob_add_size(size, to - 1, aligned)) return false;
  *aligned &= ~(to - 1);
  return true;
}
/* Product of `rank` dims, none negative; 1 for rank 0. */
static inline bool ob_dims_count(int32_t rank, const int64_t *dims, size_t *count) {
  size_t n = 1;
  bool empty = false;
  for (int32_t i = 0; i < rank; i++) {
    if (dims[i] < 0) return false;
    if (dims[i] == 0) empty = true;
  }
  for (int32_t i = 0; !empty && i < rank; i++)
    if (!ob_mul_size(n, (size_t)dims[i], &n) || n > (SIZE_MAX >> 8)) return false;
  *count = empty ? 0 : n;
  return true;
}

#endif
