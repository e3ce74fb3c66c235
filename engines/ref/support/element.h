/* Elements of any type as double or int64: kernels of `ref` are written once, for numbers.
 *
 * What that means for rounding: float16, bfloat16 and float32 results are computed in double and rounded once to float32, then
 * (16-bit types) once more to their own. For + - * / and sqrt that is exactly the IEEE result. Integers up to 64 bits compute in
 * int64 with wrap-around, which is right for every narrower type and for uint64 as long as the sign does not matter. */
#ifndef OB_REF_SUPPORT_ELEMENT_H
#define OB_REF_SUPPORT_ELEMENT_H

#include "kit/kit.h"

/* float types of any width, as against integers and bool. */
bool ob_ref_is_real(ob_dtype_t dtype);
/* Smallest and largest value of an integer type (uint64: up to INT64_MAX only). */
void ob_ref_limits(ob_dtype_t dtype, int64_t *low, int64_t *high);

/* `count` elements from index `at` on, `step` apart (0: the same one again and again; negative: backwards). */
void ob_ref_load(ob_dtype_t dtype, const void *data, size_t at, int64_t step, size_t count, double *out);
void ob_ref_load_int(ob_dtype_t dtype, const void *data, size_t at, int64_t step, size_t count, int64_t *out);
/* Stores to `count` neighbours. Doubles into integer types: cut towards zero, saturated, NaN as 0. int64 into integers: low bits. */
void ob_ref_store(ob_dtype_t dtype, void *data, size_t at, size_t count, const double *in);
void ob_ref_store_int(ob_dtype_t dtype, void *data, size_t at, size_t count, const int64_t *in);

static inline double ob_ref_get(ob_dtype_t dtype, const void *data, size_t at) {
  double value;
  ob_ref_load(dtype, data, at, 0, 1, &value);
  return value;
}
static inline int64_t ob_ref_get_int(ob_dtype_t dtype, const void *data, size_t at) {
  int64_t value;
  ob_ref_load_int(dtype, data, at, 0, 1, &value);
  return value;
}
static inline void ob_ref_set(ob_dtype_t dtype, void *data, size_t at, double value) { ob_ref_store(dtype, data, at, 1, &value); }
static inline void ob_ref_set_int(ob_dtype_t dtype, void *data, size_t at, int64_t value) {
  ob_ref_store_int(dtype, data, at, 1, &value);
}

/* `value` as it comes back from being stored as dtype. */
double ob_ref_round(ob_dtype_t dtype, double value);
/* Stores without saturating 8-bit floats: what is out of range becomes NaN or infinity. */
void ob_ref_store_unsaturated(ob_dtype_t dtype, void *data, size_t at, double value);

/* Copies `count` neighbours, bit for bit, of any type: strings (as pointers), complex and packed types too. */
void ob_ref_copy(ob_dtype_t dtype, void *to, size_t to_at, const void *from, size_t from_at, size_t count);
/* Sets `count` neighbours to all-zero bits. */
void ob_ref_zero(ob_dtype_t dtype, void *to, size_t at, size_t count);

#endif
