/* Single elements of small integer tensors: shapes, axes, conditions. */
#include <string.h>

#include "base/checked.h"
#include "base/dtype.h"
#include "runtime/bind.h"

bool ob_dtype_is_integer(ob_dtype_t dtype) {
  static const uint64_t integers = OB_DTYPE_BIT(OB_INT8) | OB_DTYPE_BIT(OB_INT16) | OB_DTYPE_BIT(OB_INT32) |
                                   OB_DTYPE_BIT(OB_INT64) | OB_DTYPE_BIT(OB_UINT8) | OB_DTYPE_BIT(OB_UINT16) |
                                   OB_DTYPE_BIT(OB_UINT32) | OB_DTYPE_BIT(OB_UINT64) | OB_DTYPE_BIT(OB_BOOL);
  return ob_dtype_is_valid(dtype) && (integers & OB_DTYPE_BIT(dtype)) != 0;
}

#define READ(type)                                                                \
  {                                                                               \
    type element;                                                                 \
    memcpy(&element, (const char *)data + index * sizeof element, sizeof element); \
    return (int64_t)element;                                                      \
  }

int64_t ob_tensor_element(ob_dtype_t dtype, const void *data, size_t index) {
  switch (dtype) {
    case OB_INT8: READ(int8_t)
    case OB_INT16: READ(int16_t)
    case OB_INT32: READ(int32_t)
    case OB_INT64: READ(int64_t)
    case OB_UINT16: READ(uint16_t)
    case OB_UINT32: READ(uint32_t)
    case OB_UINT64: READ(uint64_t)
    case OB_BOOL: return ((const uint8_t *)data)[index] != 0;
    default: return ((const uint8_t *)data)[index];
  }
}

void ob_tensor_set_element(ob_dtype_t dtype, void *data, size_t index, int64_t value) {
  size_t size = ob_dtype_bytes(dtype, 1);
  if (dtype == OB_BOOL) value = value != 0;
  memcpy((char *)data + index * size, &value, size); /* little-endian: the low bytes */
}

bool ob_content_is_small(ob_dtype_t dtype, int32_t rank, const int64_t *dims) {
  size_t count;
  if (rank < 0 || rank > 1 || !ob_dims_count(rank, dims, &count) || count > OB_MAX_CONTENT) return false;
  return ob_dtype_is_integer(dtype) || dtype == OB_FLOAT32 || dtype == OB_FLOAT64 || dtype == OB_FLOAT16;
}
