/* Products of quantised matrices: what MatMulInteger and QLinearMatMul share. Doubles hold the sums exactly. */
#ifndef OB_REF_SUPPORT_QUANTIZED_H
#define OB_REF_SUPPORT_QUANTIZED_H

#include "ref/support/contract.h"

typedef struct ob_ref_quantized {
  const ob_tensor_t *a, *b, *a_zero, *b_zero; /* zero points may be NULL */
  ob_ref_matmul_t shape;
  size_t product; /* where the product's scratch begins */
} ob_ref_quantized_t;

OB_MUST_CHECK ob_status_t ob_ref_quantized_prepare(ob_kernel_setup_t *setup, size_t a, size_t b);
OB_MUST_CHECK ob_status_t ob_ref_quantized_begin(const ob_kernel_call_t *call, ob_ref_quantized_t *q);
/* The product of one batch element, m x n. */
OB_MUST_CHECK ob_status_t ob_ref_quantized_product(const ob_kernel_call_t *call, const ob_ref_quantized_t *q, size_t batch, double **c);

#endif
