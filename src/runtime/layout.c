/* Repacking: a blocked layout is a row-major nest of levels, each walking one dim by a step. See layout.h. */
#include "runtime/layout.h"

#include <stdio.h>
#include <string.h>

#include "base/checked.h"
#include "base/dtype.h"

enum { MAX_LEVELS = OB_MAX_RANK + OB_MAX_BLOCKS };

/* The product of the blocks of `dim`, from block `from` on; 0 on overflow. */
static int64_t block_product(const ob_layout_t *layout, int32_t dim, int32_t from) {
  int64_t product = 1;
  for (int32_t i = from; i < layout->block_count; i++)
    if (layout->block_dim[i] == dim && !ob_mul_i64(product, layout->block_size[i], &product)) return 0;
  return product;
}

static ob_status_t check_layout(const ob_layout_t *layout, ob_dtype_t dtype) {
  bool seen[OB_MAX_RANK] = {false};
  unsigned bits = ob_dtype_bits(dtype);
  if (bits == 0 || bits % 8 != 0 || dtype == OB_STRING)
    return ob_fail(OB_INVALID_ARGUMENT, "a layout needs elements of whole bytes, found %s", ob_dtype_name(dtype));
  if (layout->rank < 0 || layout->rank > OB_MAX_RANK || layout->block_count < 0 || layout->block_count > OB_MAX_BLOCKS)
    return ob_fail(OB_INVALID_ARGUMENT, "a layout of rank %d with %d blocks", layout->rank, layout->block_count);
  for (int32_t i = 0; i < layout->rank; i++) {
    if (layout->order[i] >= layout->rank || seen[layout->order[i]])
      return ob_fail(OB_INVALID_ARGUMENT, "the layout's order is not a permutation: dim %d at place %d", layout->order[i], i);
    seen[layout->order[i]] = true;
  }
  for (int32_t i = 0; i < layout->block_count; i++)
    if (layout->block_dim[i] >= layout->rank || layout->block_size[i] < 1)
      return ob_fail(OB_INVALID_ARGUMENT, "the layout's block %d has size %d and dim %d", i, layout->block_size[i],
                     layout->block_dim[i]);
  return OB_OK;
}

ob_status_t ob_layout_bytes(const ob_layout_t *layout, ob_dtype_t dtype, const int64_t *dims, size_t *bytes) {
  OB_TRY(check_layout(layout, dtype));
  int64_t padded[OB_MAX_RANK];
  size_t plain;
  if (!ob_tensor_bytes(dtype, layout->rank, dims, &plain))
    return ob_fail(OB_INVALID_ARGUMENT, "the tensor's size overflows or a dim is negative");
  for (int32_t d = 0; d < layout->rank; d++) {
    int64_t block = block_product(layout, d, 0), up;
    if (block == 0 || !ob_add_i64(dims[d], block - 1, &up)) return ob_fail(OB_INVALID_ARGUMENT, "the padded size overflows");
    padded[d] = up / block * block;
  }
  return ob_tensor_bytes(dtype, layout->rank, padded, bytes)
             ? OB_OK
             : ob_fail(OB_INVALID_ARGUMENT, "the padded size overflows");
}

bool ob_layout_equal(const ob_layout_t *a, const ob_layout_t *b) {
  size_t rank = (size_t)a->rank, blocks = (size_t)a->block_count;
  return a->rank == b->rank && a->block_count == b->block_count && memcmp(a->order, b->order, rank) == 0 &&
         memcmp(a->block_dim, b->block_dim, blocks) == 0 &&
         memcmp(a->block_size, b->block_size, blocks * sizeof *a->block_size) == 0;
}

bool ob_layout_is_plain(const ob_layout_t *layout, const int64_t *dims) {
  int32_t last = -1;
  for (int32_t i = 0; i < layout->block_count; i++)
    if (layout->block_size[i] > 1) return false;
  for (int32_t i = 0; i < layout->rank; i++) {
    if (dims[layout->order[i]] == 1) continue;
    if (layout->order[i] < last) return false;
    last = layout->order[i];
  }
  return true;
}

/* One loop of the nest. */
typedef struct level {
  int32_t dim;
  int64_t count, step; /* iterations; how far each moves the index of `dim` */
  ptrdiff_t stride;    /* how far each moves in the plain tensor, in bytes */
} level_t;

typedef struct walk {
  level_t levels[MAX_LEVELS];
  int32_t count;
  size_t size; /* of an element */
  const int64_t *dims;
  int64_t at[OB_MAX_RANK]; /* index of the nest so far */
  char *blocked;           /* moves on; in unpacking only read */
  bool unpack;
} walk_t;

static void add_level(walk_t *walk, int32_t dim, int64_t count, int64_t step, ptrdiff_t stride) {
  if (count == 1) return;
  walk->levels[walk->count++] = (level_t){dim, count, step, stride * (ptrdiff_t)step};
}

static void init_walk(walk_t *walk, const ob_layout_t *layout, ob_dtype_t dtype, const int64_t *dims) {
  ptrdiff_t strides[OB_MAX_RANK] = {0};
  *walk = (walk_t){.size = ob_dtype_bytes(dtype, 1), .dims = dims};
  ptrdiff_t stride = (ptrdiff_t)walk->size;
  for (int32_t d = layout->rank - 1; d >= 0; d--) {
    strides[d] = stride;
    stride *= (ptrdiff_t)dims[d];
  }
  for (int32_t i = 0; i < layout->rank; i++) {
    int32_t d = layout->order[i];
    int64_t block = block_product(layout, d, 0);
    add_level(walk, d, (dims[d] + block - 1) / block, block, strides[d]);
  }
  for (int32_t i = 0; i < layout->block_count; i++) {
    int32_t d = layout->block_dim[i];
    add_level(walk, d, layout->block_size[i], block_product(layout, d, i + 1), strides[d]);
  }
}

/* Moves `count` elements of the innermost level, which lie `stride` bytes apart in the plain tensor. */
#define MOVE(type)                                                                                          \
  for (int64_t i = 0; i < count; i++) {                                                                     \
    type element;                                                                                           \
    if (unpack) memcpy(&element, blocked + i * (int64_t)sizeof element, sizeof element), memcpy(plain + i * stride, &element, sizeof element); \
    else memcpy(&element, plain + i * stride, sizeof element), memcpy(blocked + i * (int64_t)sizeof element, &element, sizeof element); \
  }

typedef struct wide {
  uint64_t low, high;
} wide_t;

static void move_row(bool unpack, size_t size, char *plain, ptrdiff_t stride, char *blocked, int64_t count) {
  if (stride == (ptrdiff_t)size) {
    memcpy(unpack ? plain : blocked, unpack ? blocked : plain, size * (size_t)count);
    return;
  }
  switch (size) {
    case 1: MOVE(uint8_t) break;
    case 2: MOVE(uint16_t) break;
    case 4: MOVE(uint32_t) break;
    case 8: MOVE(uint64_t) break;
    default: MOVE(wide_t) break; /* complex128 is the only larger element */
  }
}

/* How many of `level`'s iterations stay inside the dim. */
static int64_t iterations_inside(const walk_t *walk, const level_t *level) {
  int64_t left = walk->dims[level->dim] - walk->at[level->dim];
  if (left <= 0) return 0;
  int64_t inside = (left + level->step - 1) / level->step;
  return inside < level->count ? inside : level->count;
}

/* Blocked bytes that the levels from `from` on take. */
static size_t nest_bytes(const walk_t *walk, int32_t from) {
  size_t bytes = walk->size;
  for (int32_t i = from; i < walk->count; i++) bytes *= (size_t)walk->levels[i].count;
  return bytes;
}

static void skip(walk_t *walk, size_t bytes) {
  if (!walk->unpack) memset(walk->blocked, 0, bytes);
  walk->blocked += bytes;
}

static void walk_nest(walk_t *walk, int32_t depth, char *plain) {
  if (depth == walk->count) { /* a single element */
    move_row(walk->unpack, walk->size, plain, (ptrdiff_t)walk->size, walk->blocked, 1);
    walk->blocked += walk->size;
    return;
  }
  const level_t *level = &walk->levels[depth];
  int64_t inside = iterations_inside(walk, level), start = walk->at[level->dim];
  if (depth + 1 == walk->count) {
    move_row(walk->unpack, walk->size, plain, level->stride, walk->blocked, inside);
    walk->blocked += walk->size * (size_t)inside;
  } else {
    for (int64_t i = 0; i < inside; i++) {
      walk_nest(walk, depth + 1, plain + i * level->stride);
      walk->at[level->dim] += level->step;
    }
    walk->at[level->dim] = start;
  }
  if (inside < level->count) skip(walk, nest_bytes(walk, depth + 1) * (size_t)(level->count - inside));
}

static void repack(const ob_layout_t *layout, ob_dtype_t dtype, const int64_t *dims, void *plain, void *blocked, bool unpack) {
  walk_t walk;
  size_t bytes = 0;
  init_walk(&walk, layout, dtype, dims);
  if (ob_layout_bytes(layout, dtype, dims, &bytes) != OB_OK || bytes == 0) return;
  walk.unpack = unpack;
  walk.blocked = blocked;
  walk_nest(&walk, 0, plain);
}

void ob_layout_pack(const ob_layout_t *layout, ob_dtype_t dtype, const int64_t *dims, const void *plain, void *blocked) {
  repack(layout, dtype, dims, (void *)(uintptr_t)plain, blocked, false);
}

void ob_layout_unpack(const ob_layout_t *layout, ob_dtype_t dtype, const int64_t *dims, const void *blocked, void *plain) {
  repack(layout, dtype, dims, plain, (void *)(uintptr_t)blocked, true);
}

void ob_layout_print(const ob_layout_t *layout, char *text, size_t size) {
  size_t used = 0;
  text[0] = 0;
  for (int32_t i = 0; i < layout->rank && used < size; i++)
    used += (size_t)snprintf(text + used, size - used, "%s%d", i > 0 ? "," : "", layout->order[i]);
  for (int32_t i = 0; i < layout->block_count && used < size; i++)
    used += (size_t)snprintf(text + used, size - used, " %dx%d", layout->block_size[i], layout->block_dim[i]);
}
