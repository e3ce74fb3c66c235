/* Sums of products of int16, as int32: the processors have one instruction for a pair of them, and compilers know it. */
#include "cpu/simd/parts.h"

/* Four sums share what they read of `a`. `n` is a multiple of 32. */
static void dot_4(const int16_t *restrict a, const int16_t *restrict b, size_t pitch, size_t n, int32_t *y) {
  const int16_t *b1 = b + pitch, *b2 = b1 + pitch, *b3 = b2 + pitch;
  int32_t s0 = 0, s1 = 0, s2 = 0, s3 = 0;
  for (size_t i = 0; i < n / 32 * 32; i++) {
    s0 += a[i] * b[i];
    s1 += a[i] * b1[i];
    s2 += a[i] * b2[i];
    s3 += a[i] * b3[i];
  }
  y[0] = s0;
  y[1] = s1;
  y[2] = s2;
  y[3] = s3;
}

void OB_ISA(dots_i16)(const int16_t *a, const int16_t *b, size_t pitch, size_t n, size_t count, int32_t *y) {
  size_t j = 0;
  for (; j + 4 <= count; j += 4) dot_4(a, b + j * pitch, pitch, n, y + j);
  for (; j < count; j++) {
    int32_t sum = 0;
    for (size_t i = 0; i < n / 32 * 32; i++) sum += a[i] * b[j * pitch + i];
    y[j] = sum;
  }
}
