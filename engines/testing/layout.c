/* Layouts the slow way, element by element: what packed constants and blocked inputs are checked against. */
#include <stdlib.h>
#include <string.h>

#include "base/dtype.h"
#include "testing/testing.h"

/* Product of the blocks of dim `dim`. */
static int64_t block_of(const ob_layout_t *layout, int32_t dim) {
  int64_t product = 1;
  for (int32_t b = 0; b < layout->block_count; b++)
    if (layout->block_dim[b] == dim) product *= layout->block_size[b];
  return product;
}

size_t ob_layout_size(const ob_layout_t *layout, ob_dtype_t dtype, const int64_t *dims) {
  int64_t count = 1;
  for (int32_t d = 0; d < layout->rank; d++) {
    int64_t block = block_of(layout, d);
    count *= (dims[d] + block - 1) / block * block;
  }
  return ob_dtype_bytes(dtype, (size_t)count);
}

/* Where the element at `index` is. */
static size_t offset_of(const ob_layout_t *layout, const int64_t *dims, const int64_t *index) {
  int64_t offset = 0, rest[OB_MAX_RANK];
  for (int32_t o = 0; o < layout->rank; o++) {
    int32_t d = layout->order[o];
    int64_t block = block_of(layout, d);
    offset = offset * ((dims[d] + block - 1) / block) + index[d] / block;
    rest[d] = index[d] % block;
  }
  for (int32_t b = 0; b < layout->block_count; b++) {
    int32_t d = layout->block_dim[b];
    int64_t inner = 1; /* what the later blocks of the same dim take */
    for (int32_t c = b + 1; c < layout->block_count; c++)
      if (layout->block_dim[c] == d) inner *= layout->block_size[c];
    offset = offset * layout->block_size[b] + rest[d] / inner;
    rest[d] %= inner;
  }
  return (size_t)offset;
}

static void convert(const ob_layout_t *layout, ob_dtype_t dtype, const int64_t *dims, char *plain, char *packed, bool pack) {
  size_t size = ob_dtype_bits(dtype) / 8, count = 1;
  int64_t index[OB_MAX_RANK];
  for (int32_t d = 0; d < layout->rank; d++) count *= (size_t)dims[d];
  for (size_t i = 0; i < count; i++) {
    size_t rest = i;
    for (int32_t d = layout->rank; d-- > 0; rest /= (size_t)dims[d]) index[d] = (int64_t)(rest % (size_t)dims[d]);
    char *at = packed + size * offset_of(layout, dims, index);
    if (pack)
      memcpy(at, plain + i * size, size);
    else
      memcpy(plain + i * size, at, size);
  }
}

void ob_layout_pack(const ob_layout_t *layout, ob_dtype_t dtype, const int64_t *dims, const void *plain, void *packed) {
  memset(packed, 0, ob_layout_size(layout, dtype, dims));
  if (ob_dtype_bits(dtype) < 8) { /* plain order only */
    memcpy(packed, plain, ob_layout_size(layout, dtype, dims));
    return;
  }
  convert(layout, dtype, dims, (char *)(uintptr_t)plain, packed, true);
}

void ob_layout_unpack(const ob_layout_t *layout, ob_dtype_t dtype, const int64_t *dims, const void *packed, void *plain) {
  convert(layout, dtype, dims, plain, (char *)(uintptr_t)packed, false);
}
