/* Reductions of integers and float64: plain loops, which the compiler turns into vectors. */
#include "cpu/reduce/reduce.h"

#include <math.h>

/* Small integers are added and multiplied as unsigned ones of 32 bits, whose low bits are the same and which may wrap around. */
#define IS_NAN(x) 0
#define T int8_t
#define IS_NEGATIVE(x) ((x) < 0)
#define WRAP uint32_t
#define NAME(x) i8_##x
#define FIRST_MAX INT8_MIN
#define FIRST_MIN INT8_MAX
#include "cpu/reduce/typed.inc"

#define T uint8_t
#define IS_NEGATIVE(x) 0
#define WRAP uint32_t
#define NAME(x) u8_##x
#define FIRST_MAX 0
#define FIRST_MIN UINT8_MAX
#include "cpu/reduce/typed.inc"

#define T int32_t
#define IS_NEGATIVE(x) ((x) < 0)
#define WRAP uint32_t
#define NAME(x) i32_##x
#define FIRST_MAX INT32_MIN
#define FIRST_MIN INT32_MAX
#include "cpu/reduce/typed.inc"

#define T uint32_t
#define IS_NEGATIVE(x) 0
#define WRAP uint32_t
#define NAME(x) u32_##x
#define FIRST_MAX 0
#define FIRST_MIN UINT32_MAX
#include "cpu/reduce/typed.inc"

#define T int64_t
#define IS_NEGATIVE(x) ((x) < 0)
#define WRAP uint64_t
#define NAME(x) i64_##x
#define FIRST_MAX INT64_MIN
#define FIRST_MIN INT64_MAX
#include "cpu/reduce/typed.inc"

#define T uint64_t
#define IS_NEGATIVE(x) 0
#define WRAP uint64_t
#define NAME(x) u64_##x
#define FIRST_MAX 0
#define FIRST_MIN UINT64_MAX
#include "cpu/reduce/typed.inc"

#undef IS_NAN
#define IS_NAN(x) isnan(x)
#define T double
#define IS_NEGATIVE(x) ((x) < 0)
#define WRAP double
#define NAME(x) f64_##x
#define FIRST_MAX -INFINITY
#define FIRST_MIN INFINITY
#include "cpu/reduce/typed.inc"

const ob_reduce_loops_t *ob_reduce_loops(ob_dtype_t dtype) {
  static const ob_reduce_loops_t *const loops[OB_DTYPE_COUNT] = {
      [OB_INT8] = &i8_loops,   [OB_UINT8] = &u8_loops, [OB_INT32] = &i32_loops,   [OB_UINT32] = &u32_loops,
      [OB_INT64] = &i64_loops, [OB_UINT64] = &u64_loops, [OB_FLOAT64] = &f64_loops, [OB_BOOL] = &u8_loops,
  };
  return loops[dtype];
}
