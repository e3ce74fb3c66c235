/* Element-wise operators: an operator is a function of numbers, these apply it to tensors of every type, with broadcasting. */
#ifndef OB_REF_SUPPORT_MAP_H
#define OB_REF_SUPPORT_MAP_H

#include "ref/support/element.h"
#include "ref/support/shape.h"

/* Functions of numbers for the classes of types. NULL: the class is not taken (the run fails with OB_UNSUPPORTED), except
 * `natural`: uint64, where the sign matters; NULL: `integer` will do. `arg` is what the kernel passes. */
typedef struct ob_ref_unary {
  double (*real)(double x, const void *arg);
  int64_t (*integer)(int64_t x, const void *arg);
} ob_ref_unary_t;
OB_MUST_CHECK ob_status_t ob_ref_map_unary(const ob_kernel_call_t *call, const ob_ref_unary_t *op, const void *arg);

typedef struct ob_ref_binary {
  double (*real)(double a, double b);
  int64_t (*integer)(int64_t a, int64_t b);
  uint64_t (*natural)(uint64_t a, uint64_t b);
  /* Looks at the divisors (second operands) before; NULL: all are allowed. Fails with OB_OUT_OF_RANGE. */
  ob_status_t (*check)(ob_dtype_t dtype, int64_t a, int64_t b);
} ob_ref_binary_t;
/* C = f(A, B), or for more inputs f(f(A, B), C)...: rounded to the type after each step. */
OB_MUST_CHECK ob_status_t ob_ref_map_binary(const ob_kernel_call_t *call, const ob_ref_binary_t *op);

typedef struct ob_ref_relation {
  bool (*real)(double a, double b);
  bool (*integer)(int64_t a, int64_t b);
  bool (*natural)(uint64_t a, uint64_t b);
  bool (*string)(const ob_string_t *a, const ob_string_t *b);
} ob_ref_relation_t;
/* C = f(A, B) as bool. */
OB_MUST_CHECK ob_status_t ob_ref_map_relation(const ob_kernel_call_t *call, const ob_ref_relation_t *op);

/* For kernels whose output may take over input 0 element by element. */
ob_status_t ob_ref_prepare_in_place(ob_kernel_setup_t *setup);

#endif
