/* The product of integer.h, block by block, and what its operators ask of their inputs. */
#include "cpu/gemm/integer.h"

#include <math.h>
#include <string.h>

/* Terms of a sum that int32 surely holds: each is at most 255 * 255. */
enum { EXACT = 32768 };

void ob_integer_widen(ob_dtype_t dtype, const void *x, size_t at, size_t step, size_t count, int32_t zero, int16_t *to, size_t pitch) {
  const uint8_t *u = (const uint8_t *)x + at;
  const int8_t *s = (const int8_t *)x + at;
  if (dtype == OB_UINT8)
    for (size_t i = 0; i < count; i++) to[i] = (int16_t)(u[i * step] - zero);
  else
    for (size_t i = 0; i < count; i++) to[i] = (int16_t)(s[i * step] - zero);
  memset(to + count, 0, (pitch - count) * sizeof *to);
}

static void finish_row(const ob_integer_end_t *end, const int64_t *sums, size_t row, size_t column, size_t columns) {
  const size_t at = row * end->ldy + column;
  if (end->dtype == OB_INT32) {
    int32_t *y = (int32_t *)end->y + at;
    for (size_t j = 0; j < columns; j++) y[j] = (int32_t)(uint32_t)(uint64_t)sums[j];
    return;
  }
  const double low = end->dtype == OB_UINT8 ? 0 : -128, high = end->dtype == OB_UINT8 ? 255 : 127, plus = end->bias ? end->bias[row] : 0;
  for (size_t j = 0; j < columns; j++) {
    const double scaled = ((double)sums[j] + plus) * end->scales[row * end->scale_row + (column + j) * end->scale_column];
    double v = isnan(scaled) ? end->zero : nearbyint((double)(float)scaled) + end->zero; /* the quotient is a float32 */
    v = v < low ? low : v > high ? high : v;
    if (end->dtype == OB_UINT8)
      ((uint8_t *)end->y)[at + j] = (uint8_t)v;
    else
      ((int8_t *)end->y)[at + j] = (int8_t)v;
  }
}

void ob_integer_multiply(const ob_integer_block_t *block, const ob_integer_end_t *end) {
  for (size_t i = block->row; i < block->row_end; i++) {
    int64_t sums[OB_INTEGER_COLUMNS] = {0};
    for (size_t k = 0; k < block->pitch; k += EXACT) {
      int32_t parts[OB_INTEGER_COLUMNS];
      const size_t length = block->pitch - k < EXACT ? block->pitch - k : EXACT;
      block->isa->dots_i16(block->a + i * block->pitch + k, block->b + k, block->pitch, length, block->columns, parts);
      for (size_t j = 0; j < block->columns; j++) sums[j] += parts[j];
    }
    finish_row(end, sums, i, block->column, block->columns);
  }
}

int32_t ob_integer_at(const ob_tensor_t *tensor, size_t i) {
  if (!tensor) return 0;
  if (ob_tensor_count(tensor) == 1) i = 0;
  switch (tensor->dtype) {
    case OB_UINT8: return ((const uint8_t *)tensor->data)[i];
    case OB_INT8: return ((const int8_t *)tensor->data)[i];
    default: return ((const int32_t *)tensor->data)[i];
  }
}

bool ob_integer_is_single(const ob_node_view_t *node, size_t input, bool many, char *reason, size_t size) {
  if (!ob_cpu_has(node, input)) return true;
  const ob_value_view_t *value = node->inputs[input];
  if (value->rank == 0 || (value->rank == 1 && (many || value->dims[0] == 1))) return true;
  return ob_cpu_refuse(node, reason, size, "%s is not %s", ob_quote(value->name), many ? "one number, or one a channel" : "one number");
}

bool ob_integer_is_byte(const ob_node_view_t *node, size_t input, char *reason, size_t size) {
  if (!ob_cpu_has(node, input)) return true;
  const ob_dtype_t dtype = node->inputs[input]->dtype;
  return dtype == OB_UINT8 || dtype == OB_INT8 || ob_cpu_refuse(node, reason, size, "no kernel for %s", ob_dtype_name(dtype));
}

bool ob_integer_is_f32(const ob_node_view_t *node, size_t input, char *reason, size_t size) {
  const ob_dtype_t dtype = node->inputs[input]->dtype;
  return dtype == OB_FLOAT32 || ob_cpu_refuse(node, reason, size, "no kernel for scales of %s", ob_dtype_name(dtype));
}
