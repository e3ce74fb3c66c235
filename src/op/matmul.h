/* The shape of a matrix product as numpy.matmul has it. */
#ifndef OB_OP_MATMUL_H
#define OB_OP_MATMUL_H

#include "op/infer_util.h"

/* Shape of a * b: leading axes are broadcast, a vector counts as one row or column. */
ob_shape_t ob_matmul_shape(ob_infer_t *infer, const ob_shape_t *a, const ob_shape_t *b);
/* Output 0 is input 0 times input 1. */
ob_status_t ob_infer_matmul(ob_infer_t *infer);

#endif
