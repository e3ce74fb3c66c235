/* Register tiles of the matrix product: MR rows of NV vectors. */
#ifndef OB_CPU_SIMD_GEMM_H
#define OB_CPU_SIMD_GEMM_H

#include "cpu/simd/vec.h"

#if defined(OB_CPU_AVX512)
#define OB_GEMM_MR 14
#define OB_GEMM_NV 2
#elif defined(OB_CPU_AVX2)
#define OB_GEMM_MR 6
#define OB_GEMM_NV 2
#else
#define OB_GEMM_MR 4
#define OB_GEMM_NV 2
#endif

#endif
