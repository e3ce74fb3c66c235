/* Element types: sizes, names, and conversions of the small floats. */
#ifndef OB_BASE_DTYPE_H
#define OB_BASE_DTYPE_H

#include <outboard/outboard.h>

/* Bits of one element: 32 for float32, 4 for int4; strings count as sizeof(ob_string_t) * 8; 0 for undefined. */
unsigned ob_dtype_bits(ob_dtype_t dtype);
static inline bool ob_dtype_is_valid(int64_t dtype) { return dtype > OB_UNDEFINED && dtype < OB_DTYPE_COUNT; }
/* The type called `name`, or OB_UNDEFINED. */
ob_dtype_t ob_dtype_from_name(const char *name);
/* Sets of types, one bit each. */
#define OB_DTYPE_BIT(dtype) (UINT64_C(1) << (dtype))
/* Bytes of a tensor of these dims; false on overflow or a negative dim. */
bool ob_tensor_bytes(ob_dtype_t dtype, int32_t rank, const int64_t *dims, size_t *bytes);

/* IEEE binary16 and bfloat16, round to nearest even, NaN kept. */
float ob_f16_to_f32(uint16_t bits);
uint16_t ob_f32_to_f16(float value);
static inline float ob_bf16_to_f32(uint16_t bits) {
  union { uint32_t u; float f; } v = {(uint32_t)bits << 16};
  return v.f;
}
uint16_t ob_f32_to_bf16(float value);
/* The 8-, 6- and 4-bit floats of ONNX (`dtype` one of OB_FLOAT8*, OB_FLOAT6*, OB_FLOAT4E2M1); `saturate`: out of range becomes the
 * largest finite value, else NaN or infinity as the type has it. */
float ob_minifloat_to_f32(ob_dtype_t dtype, uint8_t bits);
uint8_t ob_f32_to_minifloat(ob_dtype_t dtype, float value, bool saturate);

/* Element `index` of a packed tensor of 2-, 4-bit integers (sign-extended) or 4-bit floats (raw bits). */
int ob_subbyte_get(ob_dtype_t dtype, const void *data, size_t index);
void ob_subbyte_set(ob_dtype_t dtype, void *data, size_t index, int value);

#endif
