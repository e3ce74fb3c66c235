/* The table of one instruction set. */
#include "cpu/simd/gemm.h"
#include "cpu/simd/parts.h"

#if defined(OB_CPU_AVX512)
#define ISA_NAME "avx512"
#elif defined(OB_CPU_AVX2)
#define ISA_NAME "avx2"
#else
#define ISA_NAME "portable"
#endif

#define X(name) OB_ISA(combine_##name),
const ob_isa_t OB_ISA(table) = {
    .name = ISA_NAME,
    .lanes = V_LANES,
    .combine = {OB_REDUCTIONS(X)},
#undef X
#define X(name) OB_ISA(reduce_##name),
    .reduce = {OB_REDUCTIONS(X)},
#undef X
#define X(name, expression) OB_ISA(unary_##name),
    .unary =
        {
#include "cpu/simd/unary.def"
        },
#undef X
#define X(name, expression) OB_ISA(binary_##name),
    .binary =
        {
#include "cpu/simd/binary.def"
        },
#undef X
    .muladd = OB_ISA(muladd),
    .f16_to_f32 = OB_ISA(f16_to_f32),
    .f32_to_f16 = OB_ISA(f32_to_f16),
    .bf16_to_f32 = OB_ISA(bf16_to_f32),
    .f32_to_bf16 = OB_ISA(f32_to_bf16),
    .softmax = OB_ISA(softmax),
    .log_softmax = OB_ISA(log_softmax),
    .softmax_columns = OB_ISA(softmax_columns),
    .log_sum_exp = OB_ISA(log_sum_exp),
    .layer_norm = OB_ISA(layer_norm),
    .rms_norm = OB_ISA(rms_norm),
    .moments = OB_ISA(moments),
    .scale_shift = OB_ISA(scale_shift),
    .dot = OB_ISA(dot),
    .dots_i16 = OB_ISA(dots_i16),
    .quant_convolve = OB_ISA(quant_convolve),
    .quant_depthwise = OB_ISA(quant_depthwise),
    .quant_add = OB_ISA(quant_add),
    .quant_from_float = OB_ISA(quant_from_float),
    .quant_mean = OB_ISA(quant_mean),
    .gemv = OB_ISA(gemv),
    .pad_rows = OB_ISA(pad_rows),
    .plane_convolve = OB_ISA(plane_convolve),
    .plane_max = OB_ISA(plane_max),
    .plane_sum = OB_ISA(plane_sum),
    .transpose = OB_ISA(transpose),
    .pack_rows = OB_ISA(pack_rows),
    .lstm_gates = OB_ISA(lstm_gates),
    .gemm_rows = OB_GEMM_MR,
    .gemm_columns = OB_GEMM_NV * V_LANES,
    .gemm = OB_ISA(gemm),
    .typed = OB_TYPED(typed),
    .where = OB_TYPED(where),
    .copy = OB_TYPED(copy),
    .cast = OB_TYPED(cast),
    .test = OB_TYPED(test),
    .quantize_u8 = OB_ISA(quantize_u8),
    .quantize_i8 = OB_ISA(quantize_i8),
    .quantize_u16 = OB_ISA(quantize_u16),
    .quantize_i16 = OB_ISA(quantize_i16),
};
