/* The functions that elementwise.def names. */
#ifndef OB_CPU_CHAIN_LOWER_H
#define OB_CPU_CHAIN_LOWER_H

#include "cpu/chain/elementwise.h"

#define OB_LOWER(name) ob_reg_t name(ob_chain_builder_t *builder, const ob_lowering_t *node)
#define OB_CHECK(name) bool name(const ob_node_view_t *node, char *reason, size_t size)

OB_LOWER(lower_unary);
OB_LOWER(lower_typed);
OB_LOWER(lower_gelu);
OB_LOWER(lower_clip);
OB_LOWER(lower_test);
OB_LOWER(lower_binary);
OB_LOWER(lower_pow);
OB_LOWER(lower_mod);
OB_LOWER(lower_variadic);
OB_LOWER(lower_mean);
OB_LOWER(lower_compare);
OB_LOWER(lower_shift);
OB_LOWER(lower_where);
OB_LOWER(lower_cast);
OB_LOWER(lower_quantize);
OB_LOWER(lower_dequantize);
OB_LOWER(lower_batch_norm);
OB_CHECK(check_test);
OB_CHECK(check_pow);
OB_CHECK(check_mod);
OB_CHECK(check_variadic);
OB_CHECK(check_quantize);
OB_CHECK(check_dequantize);
OB_CHECK(check_batch_norm);

/* Element types of which float32 loops make short work. */
#define OB_SMALL_REALS (OB_DTYPE_BIT(OB_FLOAT32) | OB_DTYPE_BIT(OB_FLOAT16) | OB_DTYPE_BIT(OB_BFLOAT16))
#define OB_SIGNED (OB_DTYPE_BIT(OB_INT8) | OB_DTYPE_BIT(OB_INT16) | OB_DTYPE_BIT(OB_INT32) | OB_DTYPE_BIT(OB_INT64))
#define OB_UNSIGNED (OB_DTYPE_BIT(OB_UINT8) | OB_DTYPE_BIT(OB_UINT16) | OB_DTYPE_BIT(OB_UINT32) | OB_DTYPE_BIT(OB_UINT64))
#define OB_INTEGERS (OB_SIGNED | OB_UNSIGNED)
#define OB_REALS (OB_SMALL_REALS | OB_DTYPE_BIT(OB_FLOAT64) | OB_SIGNED)
#define OB_NUMBERS (OB_REALS | OB_UNSIGNED)
#define OB_ANY (OB_NUMBERS | OB_DTYPE_BIT(OB_BOOL))
#define OB_REAL_TESTS (OB_SMALL_REALS | OB_DTYPE_BIT(OB_FLOAT64) | OB_DTYPE_BIT(OB_BOOL))

static inline bool ob_is_small_real(ob_dtype_t dtype) { return (OB_SMALL_REALS & OB_DTYPE_BIT(dtype)) != 0; }

#endif
