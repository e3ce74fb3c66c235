/* What several files of this folder use: names of all functions of the table, and small helpers. */
#ifndef OB_CPU_SIMD_PARTS_H
#define OB_CPU_SIMD_PARTS_H

#include "cpu/simd/isa.h"
#include "cpu/simd/vec.h"

#define X(name, expression) void OB_ISA(unary_##name)(const ob_tile_t *tile);
#include "cpu/simd/unary.def"
#undef X
#define X(name, expression) void OB_ISA(binary_##name)(const ob_tile_t *tile);
#include "cpu/simd/binary.def"
#undef X
void OB_ISA(muladd)(const ob_tile_t *tile);
void OB_ISA(f16_to_f32)(const ob_tile_t *tile);
void OB_ISA(f32_to_f16)(const ob_tile_t *tile);
void OB_ISA(bf16_to_f32)(const ob_tile_t *tile);
void OB_ISA(f32_to_bf16)(const ob_tile_t *tile);

#define OB_REDUCTIONS(X) X(sum) X(sum_abs) X(sum_square) X(max) X(min) X(prod)
#define X(name)                                                        \
  float OB_ISA(reduce_##name)(const float *x, size_t n, float so_far); \
  void OB_ISA(combine_##name)(const float *x, float *y, size_t n);
OB_REDUCTIONS(X)
#undef X

void OB_ISA(softmax)(const float *x, float *y, size_t n);
void OB_ISA(log_softmax)(const float *x, float *y, size_t n);
void OB_ISA(softmax_columns)(const float *x, float *y, size_t count, size_t stride, size_t n);
float OB_ISA(log_sum_exp)(const float *x, size_t n);
void OB_ISA(layer_norm)(ob_norm_t *norm);
void OB_ISA(rms_norm)(ob_norm_t *norm);
void OB_ISA(moments)(const float *x, size_t n, float *mean, float *variance);
void OB_ISA(scale_shift)(const float *x, float *y, size_t n, float scale, float shift);
float OB_ISA(dot)(const float *a, const float *b, size_t n);
void OB_ISA(dots_i16)(const int16_t *a, const int16_t *b, size_t pitch, size_t n, size_t count, int32_t *y);
void OB_ISA(quant_convolve)(const ob_quant_conv_t *conv);
void OB_ISA(quant_depthwise)(const ob_quant_conv_t *conv);
void OB_ISA(quant_add)(const uint8_t *a, const uint8_t *b, size_t n, const float *factors, const ob_quant_end_t *end, uint8_t *y);
void OB_ISA(quant_from_float)(const float *x, size_t n, float scale, const ob_quant_end_t *end, size_t step, uint8_t *y);
void OB_ISA(quant_mean)(const uint8_t *x, size_t pixels, size_t channels, const float *factors, const ob_quant_end_t *end, uint8_t *y);
void OB_ISA(gemv)(const float *x, const float *panels, size_t k, size_t first, size_t n, float *y);
void OB_ISA(pad_rows)(const float *x, size_t rows, size_t n, float *to, size_t before, size_t width, float value);
void OB_ISA(plane_convolve)(const ob_plane_t *plane);
void OB_ISA(plane_max)(const ob_plane_t *plane);
void OB_ISA(plane_sum)(const ob_plane_t *plane);
void OB_ISA(transpose)(const float *x, size_t ldx, float *y, size_t ldy, size_t m, size_t n);
void OB_ISA(pack_rows)(const float *x, size_t ld, size_t m, size_t n, float alpha, float *to, size_t width);
void OB_ISA(lstm_gates)(const float *gates, float *cell, float *hidden, size_t n);
void OB_ISA(gemm)(const ob_gemm_tile_t *tile);
void OB_ISA(quantize_u8)(const ob_tile_t *tile);
void OB_ISA(quantize_i8)(const ob_tile_t *tile);
void OB_ISA(quantize_u16)(const ob_tile_t *tile);
void OB_ISA(quantize_i16)(const ob_tile_t *tile);

#define OB_TYPED_FUNCTIONS(name)                               \
  ob_tile_fn name(typed)(ob_typed_t op, ob_dtype_t dtype);     \
  ob_tile_fn name(where)(size_t size);                         \
  ob_tile_fn name(copy)(size_t size);                          \
  ob_tile_fn name(cast)(ob_dtype_t from, ob_dtype_t to);       \
  ob_tile_fn name(test)(int nan, ob_dtype_t dtype);
/* Where the loops of other element types come from: see CMakeLists.txt. */
#if defined(OB_CPU_AVX512)
#define OB_TYPED(name) ob_cpu_avx2_##name
#else
#define OB_TYPED(name) OB_ISA(name)
#endif
OB_TYPED_FUNCTIONS(OB_TYPED)

/* Before a loop whose output lies exactly on an input or apart from it: elements may be worked on in any order. */
#if defined(__clang__)
#define OB_ANY_ORDER _Pragma("clang loop vectorize(assume_safety)")
#else
#define OB_ANY_ORDER _Pragma("GCC ivdep")
#endif

/* n times the same. */
V_FN void ob_isa_fill(float *y, size_t n, vf v) {
  size_t i = 0;
  for (; i + V_LANES <= n; i += V_LANES) v_store(y + i, v);
  if (i < n) v_store_n(y + i, v, n - i);
}

#endif
