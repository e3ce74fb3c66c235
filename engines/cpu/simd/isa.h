/* The table of inner loops that exist once for each instruction set. engines/cpu picks one table when it is opened. */
#ifndef OB_CPU_SIMD_ISA_H
#define OB_CPU_SIMD_ISA_H

#include <outboard/types.h>

/* A run of elements that one element-wise function works on: pieces of at most OB_TILE elements, which stay in the L1 cache. */
#define OB_TILE 1024
typedef struct ob_tile {
  const void *in[3];
  void *out;          /* may be in[i] when the element sizes are equal and that input is no scalar */
  size_t n;
  unsigned scalars;   /* bit i: in[i] is one element that stands for all (float32 functions; others are given full tiles) */
  const float *param; /* numbers of the operator: alpha, beta, ... */
  int *zero_divisor;  /* integer divisions set it to 1 when they meet one */
} ob_tile_t;
typedef void (*ob_tile_fn)(const ob_tile_t *tile);

/* Element-wise functions of float32; unary.def, binary.def. */
typedef enum ob_unary {
#define X(name, expression) OB_UNARY_##name,
#include "cpu/simd/unary.def"
#undef X
  OB_UNARY_COUNT
} ob_unary_t;
typedef enum ob_binary {
#define X(name, expression) OB_BINARY_##name,
#include "cpu/simd/binary.def"
#undef X
  OB_BINARY_COUNT
} ob_binary_t;

/* Functions of other element types: typed.inc. They take full tiles only. */
typedef enum ob_typed {
  OB_TYPED_NONE,
  OB_TYPED_ADD,
  OB_TYPED_SUB,
  OB_TYPED_MUL,
  OB_TYPED_DIV,
  OB_TYPED_MOD,
  OB_TYPED_FMOD,
  OB_TYPED_MAX,
  OB_TYPED_MIN,
  OB_TYPED_AND,
  OB_TYPED_OR,
  OB_TYPED_XOR,
  OB_TYPED_SHIFT_LEFT,
  OB_TYPED_SHIFT_RIGHT,
  OB_TYPED_ABS,
  OB_TYPED_NEG,
  OB_TYPED_SIGN,
  OB_TYPED_NOT,
  OB_TYPED_RELU,
  OB_TYPED_EQUAL,
  OB_TYPED_LESS,
  OB_TYPED_LESS_OR_EQUAL,
  OB_TYPED_GREATER,
  OB_TYPED_GREATER_OR_EQUAL,
  OB_TYPED_COUNT
} ob_typed_t;

/* Reductions of float32: a start value, a step, an end. */
typedef enum ob_reduce {
  OB_REDUCE_SUM,
  OB_REDUCE_SUM_ABS,
  OB_REDUCE_SUM_SQUARE,
  OB_REDUCE_MAX,
  OB_REDUCE_MIN,
  OB_REDUCE_PROD,
  OB_REDUCE_COUNT
} ob_reduce_t;

/* Normalisation of rows: y = (x - mean) * rsqrt(variance + epsilon) * scale + bias; scale and bias by column, or NULL. */
typedef struct ob_norm {
  const float *x, *scale, *bias;
  float *y;
  size_t n;
  float epsilon;
  float mean, inverse; /* out */
} ob_norm_t;

/* A tile of a matrix product: C = A B, or C += A B. A is a packed panel (k x MR), B a packed panel (k x NR, zeros past the end). */
typedef struct ob_gemm_tile {
  const float *a, *b;
  float *c;
  size_t k, ldc;
  size_t rows, columns; /* of C that exist, at most MR and NR */
  int accumulate;       /* C holds a part of the sum already */
  int last;             /* this completes the sum: then bias and bounds are applied */
  const float *row_bias, *column_bias; /* of this tile, or NULL */
  float low, high;
} ob_gemm_tile_t;

/* Windows over a plane that has its padding: y[r][c] = combination over t of x[r * row_step + c * stride + taps[t]].
 * x must be readable for OB_PLANE_SLACK * stride floats past its end. */
#define OB_PLANE_SLACK 64
typedef struct ob_plane {
  const float *x;
  const size_t *taps;
  size_t tap_count, rows, columns, row_step, stride;
  size_t pitch;         /* floats from row to row of x */
  size_t window;        /* k when the taps are k x k neighbours; 0: anything else */
  float *y;             /* rows x columns */
  const float *weights; /* convolution: one a tap */
  float bias, low, high;
} ob_plane_t;

/* Quantised operators work on bytes without sign, channels innermost. What becomes of a result in steps of its scale: kept within
 * [low, high], rounded to even, plus the zero point. */
#define OB_QUANT_BLOCK 16
typedef struct ob_quant_end {
  float low, high; /* less the zero point */
  int32_t zero;
} ob_quant_end_t;

/* A row of outputs of a convolution: start[j] + sum over r and i of x[p * step + runs[r] + i] * weight, times scale[j], plus shift[j].
 * x must be readable for 3 bytes past each run. start, scale and shift are filled up to whole blocks of channels. */
typedef struct ob_quant_conv {
  const uint8_t *x;
  size_t step;         /* bytes from pixel to pixel */
  const size_t *runs;  /* where the bytes lie that are side by side */
  size_t run_count;
  size_t quads;        /* of a run: groups of 4 bytes */
  const int8_t *weights;      /* [block of channels][run][quad][channel][4] */
  const int32_t *tap_weights; /* depthwise: [run][channel]; a run is one pixel */
  const int32_t *start;
  const float *scale, *shift;
  size_t pixels, channels;
  uint8_t *y; /* pixels x channels; x lies elsewhere */
  ob_quant_end_t end;
} ob_quant_conv_t;

typedef struct ob_isa {
  const char *name;
  size_t lanes;
  ob_tile_fn unary[OB_UNARY_COUNT];
  ob_tile_fn binary[OB_BINARY_COUNT];
  ob_tile_fn muladd;                          /* in[0] * in[1] + in[2] */
  ob_tile_fn f16_to_f32, f32_to_f16, bf16_to_f32, f32_to_bf16;
  float (*reduce[OB_REDUCE_COUNT])(const float *x, size_t n, float so_far);
  /* y[i] = step(y[i], x[i]) */
  void (*combine[OB_REDUCE_COUNT])(const float *x, float *y, size_t n);
  void (*softmax)(const float *x, float *y, size_t n);
  void (*log_softmax)(const float *x, float *y, size_t n);
  /* `n` columns side by side, `count` elements of each `stride` apart; n at most OB_TILE */
  void (*softmax_columns)(const float *x, float *y, size_t count, size_t stride, size_t n);
  float (*log_sum_exp)(const float *x, size_t n);
  void (*layer_norm)(ob_norm_t *norm);
  void (*rms_norm)(ob_norm_t *norm);
  void (*moments)(const float *x, size_t n, float *mean, float *variance);
  void (*scale_shift)(const float *x, float *y, size_t n, float scale, float shift);
  float (*dot)(const float *a, const float *b, size_t n);
  /* y[j] = sum over i < n of a[i] * b[j * pitch + i], j < count; n is a multiple of 32, and int32 holds the sums */
  void (*dots_i16)(const int16_t *a, const int16_t *b, size_t pitch, size_t n, size_t count, int32_t *y);
  void (*quant_convolve)(const ob_quant_conv_t *row);
  void (*quant_depthwise)(const ob_quant_conv_t *row);
  /* y[i] = a[i] * factors[0] + b[i] * factors[1] + factors[2] */
  void (*quant_add)(const uint8_t *a, const uint8_t *b, size_t n, const float *factors, const ob_quant_end_t *end, uint8_t *y);
  void (*quant_from_float)(const float *x, size_t n, float scale, const ob_quant_end_t *end, size_t step, uint8_t *y); /* y[i * step] */
  /* y[j] = (sum over pixels of x[pixel][j]) * factors[0] + factors[1] */
  void (*quant_mean)(const uint8_t *x, size_t pixels, size_t channels, const float *factors, const ob_quant_end_t *end, uint8_t *y);
  /* y += columns [first, first + n) of x B; B: panels [..][k][NR] */
  void (*gemv)(const float *x, const float *panels, size_t k, size_t first, size_t n, float *y);
  /* `rows` rows of `n` floats into rows of `width` floats (before + n <= width), `value` around them. Writes up to OB_PLANE_SLACK past the end. */
  void (*pad_rows)(const float *x, size_t rows, size_t n, float *to, size_t before, size_t width, float value);
  void (*plane_convolve)(const ob_plane_t *plane); /* weighted sum + bias, within [low, high] */
  void (*plane_max)(const ob_plane_t *plane);
  void (*plane_sum)(const ob_plane_t *plane);
  /* y[j * ldy + i] = x[i * ldx + j] for i < m, j < n */
  void (*transpose)(const float *x, size_t ldx, float *y, size_t ldy, size_t m, size_t n);
  /* m rows of a matrix, `ld` apart, n columns, times `alpha`, as a packed panel: to[j * width + i] */
  void (*pack_rows)(const float *x, size_t ld, size_t m, size_t n, float alpha, float *to, size_t width);
  void (*lstm_gates)(const float *gates, float *cell, float *hidden, size_t n);
  size_t gemm_rows, gemm_columns; /* MR, NR */
  void (*gemm)(const ob_gemm_tile_t *tile);
  /* in: x, scale, zero point as float32; scale and zero point may be scalars */
  ob_tile_fn quantize_u8, quantize_i8, quantize_u16, quantize_i16;
  ob_tile_fn (*typed)(ob_typed_t op, ob_dtype_t dtype); /* NULL: there is none */
  ob_tile_fn (*where)(size_t size);                     /* in[0] bool; elements of `size` bytes */
  ob_tile_fn (*copy)(size_t size);
  ob_tile_fn (*cast)(ob_dtype_t from, ob_dtype_t to); /* among float32, float64, integers and bool */
  ob_tile_fn (*test)(int nan, ob_dtype_t dtype);      /* IsNaN; else IsInf with param: 1 where -inf counts, 1 where +inf counts */
} ob_isa_t;

extern const ob_isa_t ob_cpu_portable_table, ob_cpu_avx2_table, ob_cpu_avx512_table;

#endif
