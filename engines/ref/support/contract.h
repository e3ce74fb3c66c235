/* Matrix products in double: what MatMul, Gemm, MatMulInteger and QLinearMatMul share. */
#ifndef OB_REF_SUPPORT_CONTRACT_H
#define OB_REF_SUPPORT_CONTRACT_H

#include "ref/support/element.h"
#include "ref/support/shape.h"

/* A matrix inside a tensor: element (i, j) is at + i * row + j * column. `minus` is taken off every element (a zero point),
 * or, with `minus_rows`/`minus_columns`, one value a row/column. */
typedef struct ob_ref_matrix {
  const ob_tensor_t *tensor;
  int64_t at, row, column;
  const double *minus;
  int64_t minus_row, minus_column; /* strides into `minus` */
} ob_ref_matrix_t;

/* Scratch for a product of m x k by k x n, and the result. */
OB_MUST_CHECK ob_status_t ob_ref_product_prepare(ob_kernel_setup_t *setup, size_t m, size_t k, size_t n, size_t *offset);
/* c[m][n] = a * b, sums in double. `scratch`: as prepared; *c points into it. Rows are shared out to the call's threads. */
OB_MUST_CHECK ob_status_t ob_ref_matrix_product(const ob_kernel_call_t *call, const ob_ref_matrix_t *a, const ob_ref_matrix_t *b, size_t m,
                                                size_t k, size_t n, size_t offset, double **c);

/* How matrices of MatMul's operands (1-D ones padded) line up under broadcasting. */
typedef struct ob_ref_matmul {
  size_t m, k, n, batches;
  int32_t rank; /* of the batch axes */
  int64_t dims[OB_MAX_RANK], a_strides[OB_MAX_RANK], b_strides[OB_MAX_RANK];
  int64_t out_dims[OB_MAX_RANK];
  int32_t out_rank;
} ob_ref_matmul_t;
OB_MUST_CHECK ob_status_t ob_ref_matmul_shape(const ob_tensor_t *a, const ob_tensor_t *b, ob_ref_matmul_t *shape);
/* First elements of batch number `batch` in a and b. */
void ob_ref_matmul_batch(const ob_ref_matmul_t *shape, size_t batch, int64_t *a_at, int64_t *b_at);

#endif
